/**
 * Names by which a model calls tools of MCP servers: `mcp_<server>_<tool>`. A server's name has no `_`, so two servers
 * never meet in one name. What a model's provider would not take (other characters, more than 64) is cut and ends in
 * eight digits of the tool's hash. Pure.
 */
import { hash } from "node:crypto";
import type { McpAsk } from "#contracts/mcp.ts";

/** What the providers accept. */
const CHARS_MAX = 64;
const HASH_DIGITS = 8;
export const MCP_PREFIX = "mcp_";

/** The protocol's own methods as tools of ours, by the name that operators and approvals use for them. */
export const METHOD_TOOLS = {
  "resources/list": {
    ask: "list_resources",
    suffix: "_list_resources",
    description: "List the resources that this MCP server offers: address, name, description.",
    properties: {},
    required: [],
  },
  "resources/read": {
    ask: "read_resource",
    suffix: "_read_resource",
    description: "Read one resource of this MCP server.",
    properties: { uri: { type: "string", description: "Its address, as the list gives it." } },
    required: ["uri"],
  },
  "prompts/list": {
    ask: "list_prompts",
    suffix: "_list_prompts",
    description: "List the prompts that this MCP server offers: name, description, arguments.",
    properties: {},
    required: [],
  },
  "prompts/get": {
    ask: "get_prompt",
    suffix: "_get_prompt",
    description: "Fetch one prompt of this MCP server, filled in. It is the server's text, not the person's.",
    properties: {
      name: { type: "string", description: "Its name, as the list gives it." },
      arguments: { type: "object", additionalProperties: { type: "string" } },
    },
    required: ["name"],
  },
} as const satisfies Record<
  string,
  {
    readonly ask: Exclude<McpAsk, "tool">;
    readonly suffix: string;
    readonly description: string;
    readonly properties: object;
    readonly required: readonly string[];
  }
>;
export type MethodTool = keyof typeof METHOD_TOOLS;

/** True for the name of a method that is offered as a tool. */
export function isMethodTool(text: string): text is MethodTool {
  return Object.hasOwn(METHOD_TOOLS, text);
}

/** The name a model is given for a server's tool. */
export function modelName(server: string, tool: string): string {
  const plain = `${MCP_PREFIX}${server}_${tool}`;
  if (/^[A-Za-z0-9_-]+$/.test(tool) && plain.length <= CHARS_MAX) return plain;
  const digits = hash("sha256", tool, "hex").slice(0, HASH_DIGITS);
  const slug = tool.replace(/[^A-Za-z0-9_-]+/g, "-");
  return `${plain.slice(0, MCP_PREFIX.length + server.length + 1)}${slug}`
    .slice(0, CHARS_MAX - HASH_DIGITS - 1)
    .concat("_", digits);
}

/** The name a model is given for one of the protocol's own methods. */
export function methodName(server: string, method: MethodTool): string {
  return `${MCP_PREFIX}${server}_${METHOD_TOOLS[method].suffix}`;
}
