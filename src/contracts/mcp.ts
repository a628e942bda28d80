/**
 * What the gateway and the MCP proxy say to each other (docs/formats/mcp.md): JSON bodies of `request`, `response` and
 * `event` on the proxy's connection. The proxy is one of ours, what it passes on is not: each body is parsed, each text
 * is capped. No body names an agent or a conversation.
 */
import { z } from "zod";
import { type Json, type JsonObject, canonicalJson } from "./json.ts";

/** Why a server's tools can be used or not. */
export const MCP_STATES = [
  "starting", // a program is being started, or a connection made
  "ready",
  "waiting", // it ended or failed; it is tried again
  "login", // it wants a login: `wirken mcp login`
  "refused", // its entry cannot be enforced, or its program is not the one that was let in
  "off", // disabled in mcp.json
] as const;
export type McpState = (typeof MCP_STATES)[number];

export const MCP_TOOLS_MAX = 256;
export const MCP_DEFINITION_BYTES_MAX = 65_536;
/** Nesting of what a server sends; more is refused before anything recurses into it. */
export const MCP_NESTING_MAX = 64;
/** One message of a server. */
export const MCP_MESSAGE_BYTES_MAX = 4 * 1_048_576;

const name = z.string().min(1).max(256);
const server = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const line = z.string().max(2_048);

/** A tool as its server defines it, in canonical text (`definitionText`); the hash of that text is what is pinned. */
const tool = z.strictObject({ name, definition: z.string().max(MCP_DEFINITION_BYTES_MAX) });

export const mcpServerSchema = z.strictObject({
  server,
  transport: z.enum(["stdio", "http"]),
  state: z.enum(MCP_STATES),
  /** A stable word for the state's reason; empty when ready. */
  code: z.string().max(64),
  /** A sentence of ours about it. */
  detail: line,
  /** What the server calls itself, and the protocol that was agreed on. */
  title: line,
  protocol: z.string().max(64),
  /** `none`, `unconfined`, the origins that a program is held to, or the origin of a remote server. */
  network: line,
  pid: z.int().min(0),
  starts: z.int().min(0),
  tools: z.array(tool).max(MCP_TOOLS_MAX),
  /** Tools that were left out, and why. */
  left: z.array(z.strictObject({ name: z.string().max(256), why: z.string().max(64) })).max(MCP_TOOLS_MAX),
  readOnlyTools: z.array(name).max(256),
  agents: z.array(z.string().max(32)).max(64).optional(),
  resources: z.boolean(),
  prompts: z.boolean(),
});
export type McpServerView = z.infer<typeof mcpServerSchema>;

/** Things that are asked of a server. `list_…` and `read_…` are ours: they carry the protocol's methods as tools. */
export const MCP_ASKS = ["tool", "list_resources", "read_resource", "list_prompts", "get_prompt"] as const;
export type McpAsk = (typeof MCP_ASKS)[number];

export const mcpCallSchema = z.strictObject({
  /** Our id of the call: progress, questions and cancellation name it. */
  call: z.string().max(64),
  server,
  ask: z.enum(MCP_ASKS),
  tool: z.string().max(256),
  /** SHA-256 of the definition that was approved; empty for what is not a tool of the server. */
  definition: z.union([hex32, z.literal("")]),
  /** The arguments as JSON text. */
  input: z.string().max(1_048_576),
});
export type McpCall = z.infer<typeof mcpCallSchema>;

export const mcpAnswerSchema = z.strictObject({
  ok: z.boolean(),
  code: z.string().max(64),
  /** Capped by the proxy. */
  text: z.string().max(262_144),
});
export type McpAnswer = z.infer<typeof mcpAnswerSchema>;

export const mcpTestSchema = z.strictObject({
  view: mcpServerSchema,
  tookMs: z.number().min(0),
  /** The last lines that the program wrote to its error stream. */
  stderr: z.string().max(16_384),
});
export type McpTest = z.infer<typeof mcpTestSchema>;

/** A server asks a person something while it works on a call. */
export const mcpQuestionSchema = z.strictObject({
  call: z.string().max(64),
  server,
  message: z.string().max(16_384),
  /** What would be answered, as JSON text: the form's defaults and what a yes means. */
  answer: z.string().max(65_536),
});
export type McpQuestion = z.infer<typeof mcpQuestionSchema>;

/** Methods that the gateway calls on the proxy, with their parameters and results. */
export const MCP_METHODS = {
  call: { params: mcpCallSchema, result: mcpAnswerSchema },
  cancel: { params: z.strictObject({ call: z.string().max(64) }), result: z.strictObject({}) },
  test: { params: z.strictObject({ server }), result: mcpTestSchema },
  login_begin: {
    params: z.strictObject({ server, redirect: z.string().max(512) }),
    result: z.strictObject({ url: z.string().max(8_192) }),
  },
  login_finish: {
    params: z.strictObject({ server, answer: z.string().max(8_192) }),
    result: z.strictObject({ scope: line }),
  },
  logout: { params: z.strictObject({ server }), result: z.strictObject({ removed: z.boolean() }) },
} as const;
export type McpMethod = keyof typeof MCP_METHODS;
export type McpParams<M extends McpMethod> = z.infer<(typeof MCP_METHODS)[M]["params"]>;
export type McpResult<M extends McpMethod> = z.infer<(typeof MCP_METHODS)[M]["result"]>;

/** True for the name of a method. */
export function isMcpMethod(text: string): text is McpMethod {
  return Object.hasOwn(MCP_METHODS, text);
}

/** Events of the proxy. */
export const MCP_EVENTS = {
  server: mcpServerSchema,
  progress: z.strictObject({ call: z.string().max(64), line }),
} as const;

/** The name that questions have among a server's tools; no tool of a server is offered under it. */
export const MCP_QUESTION = "elicitation/create";

/** The methods that the proxy calls on the gateway: a question, and a verdict about a program's way out. */
export const MCP_ASK_PERSON = "ask_person";
export const MCP_EGRESS = "egress";
/** Answered with `{}` once it is on record; until then nothing of the request leaves. */
export const mcpEgressSchema = z.strictObject({
  server,
  verdict: z.enum(["allow", "refuse"]),
  /** A word of `REFUSALS` of the broker, or `granted`. */
  reason: z.string().regex(/^[a-z_]{1,32}$/),
  method: z.string().regex(/^[A-Z]{0,16}$/),
  host: z.string().max(300),
  port: z.int().min(0).max(65_535),
  credential: z.literal(""),
});
export type McpEgress = z.infer<typeof mcpEgressSchema>;
export const mcpReplySchema = z.strictObject({ accepted: z.boolean() });

/** Canonical text of what a model is told about a tool: one changed letter is another text. */
export function definitionText(parts: {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: Json;
  readonly outputSchema: Json;
  readonly annotations: Json;
}): string {
  return canonicalJson({ ...parts });
}

/** The parts of a definition that are looked at after it was parsed from its text. */
export interface Definition {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}
