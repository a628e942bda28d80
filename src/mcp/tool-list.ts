/**
 * A server's list of tools as it is passed on: each definition in canonical text, bounded, its hash what an operator
 * lets in. A tool that cannot be passed on is named with the reason, never silently lost.
 */
import { hash } from "node:crypto";
import type { Tool } from "@modelcontextprotocol/sdk/types.js";
import { type Json, isJsonObject, nestingOf } from "#contracts/json.ts";
import {
  MCP_DEFINITION_BYTES_MAX,
  MCP_NESTING_MAX,
  MCP_TOOLS_MAX,
  type McpServerView,
  definitionText,
} from "#contracts/mcp.ts";

const NAME_CHARS_MAX = 256;
/** All definitions of one server: they travel in one event. */
const LIST_BYTES_MAX = 2 * 1_048_576;

export type ToolList = Pick<McpServerView, "tools" | "left">;

/** SHA-256 of a definition's canonical text, lower-case hex. */
export function definitionHash(text: string): string {
  return hash("sha256", text, "hex");
}

/** The list as it is passed on. */
export function toolList(tools: readonly Tool[]): ToolList {
  const kept = new Map<string, string>();
  const left = new Map<string, string>();
  let bytes = 0;
  for (const tool of tools) {
    const name = tool.name.slice(0, NAME_CHARS_MAX);
    const definition = textOf(tool);
    bytes += definition?.length ?? 0;
    const why = refusalOf(tool, definition, { twice: kept.has(name), full: kept.size >= MCP_TOOLS_MAX });
    if (why === undefined && definition !== undefined && bytes <= LIST_BYTES_MAX) kept.set(name, definition);
    else if (left.size < MCP_TOOLS_MAX) left.set(name, why ?? "too_large");
    // Two of one name: nobody could tell which of them would answer, so neither is passed on.
    if (why === "name_twice") kept.delete(name);
  }
  return {
    tools: [...kept].map(([name, definition]) => ({ name, definition })),
    left: [...left].map(([name, why]) => ({ name, why })),
  };
}

function refusalOf(
  tool: Tool,
  definition: string | undefined,
  seen: { readonly twice: boolean; readonly full: boolean },
): string | undefined {
  if (tool.name === "" || tool.name.length > NAME_CHARS_MAX || !tool.name.isWellFormed()) return "name";
  if (seen.twice) return "name_twice";
  if (tool.execution?.taskSupport === "required") return "needs_tasks";
  if (definition === undefined) return "malformed";
  if (definition.length > MCP_DEFINITION_BYTES_MAX) return "too_large";
  return seen.full ? "too_many" : undefined;
}

function textOf(tool: Tool): string | undefined {
  const parts = plain({
    name: tool.name,
    title: tool.title ?? "",
    description: tool.description ?? "",
    inputSchema: tool.inputSchema,
    outputSchema: tool.outputSchema ?? null,
    annotations: tool.annotations ?? null,
  });
  if (parts === undefined || !isJsonObject(parts)) return undefined;
  const { inputSchema = null, outputSchema = null, annotations = null } = parts;
  return definitionText({
    name: tool.name,
    title: tool.title ?? "",
    description: tool.description ?? "",
    inputSchema,
    outputSchema,
    annotations,
  });
}

/** A value of the SDK as JSON; `undefined` where it is nested deeper than may be recursed into. */
export function plain(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value);
    return nestingOf(text) > MCP_NESTING_MAX ? undefined : JSON.parse(text);
  } catch {
    return undefined; // nested so deep that it cannot be written
  }
}
