/**
 * What the guard needs of the tools: to name a call as an action, and to perform it. `tools.ts` binds the
 * real ones.
 */
import type { Action, ActionKind, Labels } from "#contracts/action.ts";
import type { ModelCall, ToolSpec } from "#contracts/conversation.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { McpQuestion } from "#contracts/mcp.ts";
import type { EgressVerdict } from "#broker/broker.ts";
import type { Prepared } from "#tools/tool.ts";

/** What a call is classified against. */
export interface ClassifyFacts {
  /** What the asking person typed in this turn. */
  readonly askerWords: string;
}

/** How a performance ended. A tool's own failure is a result; a throw is a bug. */
export interface Performed {
  readonly outcome: "done" | "failed" | "stopped";
  /** What the model is given; capped. */
  readonly text: string;
  /** A closed code of a failure, or empty. */
  readonly code: string;
  readonly exitCode: number | undefined;
  /** What `undo` needs to bring the old bytes back, where they were kept. */
  readonly undo: JsonObject | undefined;
  /** Inputs from which a deterministic tool makes the same output again. */
  readonly recorded: JsonObject | undefined;
  /** Secrets of this process that stood in the output and were taken out → how often. */
  readonly secrets: ReadonlyMap<string, number>;
}

/** Where an action would run and what would be left of it, in words for the approver. */
export interface Surroundings {
  /** "workspace", "no box yet, as user ana"; empty where nothing is launched. */
  readonly where: string;
  readonly unboxed: boolean;
  /** "Yes, …" or "No". */
  readonly undo: string;
}

export interface Toolbox {
  readonly specs: readonly ToolSpec[];
  /** A box was run on this system and held: commands in it are not Tier 3. */
  readonly boxEnforced: boolean;
  /** Looks at what the classification of `call` depends on and cannot wait for. Comes before each `classify`. */
  look(call: ModelCall): Promise<void>;
  /** Total: what is not understood is `unknown_tool`. Reads, and changes nothing. */
  classify(call: ModelCall, facts: ClassifyFacts): Prepared;
  describe(action: Action): Surroundings;
  /** Performs what `classify` prepared. */
  perform(prepared: Prepared, signal: AbortSignal, hooks: PerformHooks): Promise<Performed>;
}

/** What a performance may say and ask while it runs. */
export interface PerformHooks {
  /** Given each line of output as it ends, unscrubbed. */
  readonly onLine: (line: string) => void;
  /** Asks a person about something that came up within the call; false unless somebody said yes. */
  readonly question: (question: McpQuestion) => Promise<boolean>;
  /** Resolves once a verdict about the network is on record; until then nothing goes out. */
  readonly onEgress: (verdict: EgressVerdict) => Promise<void>;
}

const FILE: Labels = { origins: ["file"], secrecy: "workspace" };
const WEB: Labels = { origins: ["web"], secrecy: "public" };
const OWN: Labels = { origins: [], secrecy: "public" };
const MEMORY: Labels = { origins: ["memory"], secrecy: "personal" };
const FOREIGN: Labels = { origins: ["stranger"], secrecy: "personal" };
const SKILL: Labels = { origins: ["skill"], secrecy: "workspace" };

/** What the output of each kind may carry into the session: who may have written it, and how secret it is. */
export const OUTPUT_LABELS = {
  workspace_read: FILE,
  workspace_list: FILE,
  workspace_write: OWN,
  // As what a box reads outside the workspace: it is the person's.
  folder_read: { origins: ["file"], secrecy: "personal" },
  folder_write: OWN,
  channel_reply: OWN,
  memory_read: MEMORY,
  memory_write: OWN,
  web_search: WEB,
  model_call: OWN,
  shell_inspect: FILE,
  external_file_read: { origins: ["file"], secrecy: "personal" },
  external_file_write: OWN,
  file_send: OWN,
  cross_conversation_message: OWN,
  boxed_exec: FILE,
  shell_exec: { origins: ["file", "web"], secrecy: "personal" },
  destructive_file_op: OWN,
  network_request: WEB,
  // The credential itself is taken out of what comes back; what it opens is the person's.
  credential_use: { origins: ["web"], secrecy: "personal" },
  cron_create: OWN,
  skill_install: OWN,
  config_change: OWN,
  policy_change: OWN,
  approver_change: OWN,
  record_export: OWN,
  record_erase: OWN,
  record_prune: OWN,
  mcp_call: FOREIGN,
  wasm_call: SKILL,
  cross_channel_memory_read: MEMORY,
  imported_read: FOREIGN,
  spawn_subagent: MEMORY,
  unknown_tool: OWN,
} as const satisfies Record<ActionKind, Labels>;

/** The labels of a call's output: those of its kind, and for an MCP server that it was this server. */
export function outputLabelsOf(action: Action): Labels {
  const labels = OUTPUT_LABELS[action.kind];
  if (action.kind === "mcp_call") return { ...labels, origins: [`mcp:${action.server}`] };
  // What a box reads outside the workspace is the person's.
  const reachesOut = action.kind === "boxed_exec" && action.folders.length > 0;
  return reachesOut ? { ...labels, secrecy: "personal" } : labels;
}
