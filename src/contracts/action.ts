/**
 * The closed set of operations that need a decision, and the tier of each (docs: policy).
 * A new kind without a tier, a wording, an audit label and a performer does not build: each is a total table or switch.
 */
import type { AgentFolder } from "./agent-folders.ts";
import type { CallId, ConversationId } from "./ids.ts";
import type { JsonObject } from "./json.ts";
import type { CredentialUse } from "./tool-credential.ts";

/** 1 runs · 2 asks once and may be granted · 3 asks each time. */
export type Tier = 1 | 2 | 3;

/** How secret a value is, from least to most. */
export const SECRECIES = ["public", "workspace", "personal", "credential"] as const;
export type Secrecy = (typeof SECRECIES)[number];

/** Who may have written a value. */
export type Origin =
  | "owner"
  | "admitted"
  | "stranger"
  | "web"
  | "file"
  | "skill"
  | "memory"
  | "system"
  | `mcp:${string}`;

/** The labels of what a session has read so far; they only grow within a session. */
export interface Labels {
  readonly origins: readonly Origin[];
  readonly secrecy: Secrecy;
}

/** Where a command's program was found when the call was classified; checked again before it runs. */
export interface ExecutableIdentity {
  /** Real path; in `content` of rows, never in `payload`. */
  readonly path: string;
  /** Lower-case hex SHA-256 of the file. */
  readonly sha256: string;
}

/** A command that is proven to read, with the program that does it. */
export interface InspectedCommand {
  /** "ls", "git log". */
  readonly verb: string;
  readonly argv: readonly [string, ...string[]];
  readonly executable: ExecutableIdentity;
}

/** What every action carries beside its own fields. */
export interface ActionBase {
  /** Our id of the call. */
  readonly call: CallId;
  readonly tool: string;
  /** The complete arguments after defaults; what is too big stands as `{sha256, bytes}`. */
  readonly args: JsonObject;
  /** Lower-case hex SHA-256 of the launch plan, empty where nothing is launched. */
  readonly plan: string;
}

interface FileWrite {
  readonly path: string;
  /** Size of the new content in bytes, and its SHA-256. */
  readonly bytes: number;
  readonly sha256: string;
  /** A unified difference, capped; empty for a new file. */
  readonly difference: string;
}

interface Target {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Path with query, as it will be sent. */
  readonly path: string;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  /** The URL stands, whole, in what the asker typed in this turn. */
  readonly typedByAsker: boolean;
}

export type Action = ActionBase &
  (
    | { readonly kind: "workspace_read"; readonly path: string }
    | { readonly kind: "workspace_list"; readonly path: string }
    | ({ readonly kind: "workspace_write" } & FileWrite)
    /** `path` is absolute, in `folder`; both are real paths. */
    | { readonly kind: "folder_read"; readonly folder: string; readonly path: string }
    | ({ readonly kind: "folder_write"; readonly folder: string } & FileWrite)
    | { readonly kind: "channel_reply" }
    | { readonly kind: "memory_read" }
    | { readonly kind: "memory_write" }
    | { readonly kind: "web_search"; readonly query: string }
    | { readonly kind: "model_call"; readonly provider: string; readonly model: string }
    | {
        readonly kind: "shell_inspect";
        /** The one command, or `["/bin/sh", "-c", script]`. */
        readonly argv: readonly [string, ...string[]];
        readonly script: string;
        readonly cwd: string;
        readonly executable: ExecutableIdentity;
        /** Every command in it. No other program can be started. */
        readonly commands: readonly [InspectedCommand, ...InspectedCommand[]];
        /** The folder of the workspace that holds all it reads; "" is the workspace itself. */
        readonly within: string;
      }
    | { readonly kind: "external_file_read"; readonly path: string }
    | ({ readonly kind: "external_file_write" } & FileWrite)
    | {
        readonly kind: "file_send";
        readonly conversation: ConversationId;
        readonly sha256: string;
        readonly toAsker: boolean;
      }
    | {
        readonly kind: "cross_conversation_message";
        readonly channel: string;
        readonly conversation: string;
        readonly recipient: string;
        readonly text: string;
      }
    | {
        readonly kind: "boxed_exec";
        /** The plain command, or `["/bin/sh", "-c", script]`. */
        readonly argv: readonly [string, ...string[]];
        readonly script: string;
        /** In the workspace, or absolute in one of `folders`. */
        readonly cwd: string;
        readonly executable: ExecutableIdentity;
        /** What the box holds beside the workspace. */
        readonly folders: readonly AgentFolder[];
      }
    | {
        readonly kind: "shell_exec";
        /** The plain command, or `["/bin/sh", "-c", script]`. */
        readonly argv: readonly [string, ...string[]];
        readonly script: string;
        readonly cwd: string;
        readonly executable: ExecutableIdentity;
        /** Hosts that it may reach, each `scheme://host:port`; `*` alone: every host and port; empty: none. */
        readonly network: readonly string[];
        /** It runs in the box, held to those hosts by the broker. */
        readonly boxed: boolean;
        /** Credentials that the broker adds to its requests; the command never holds them. */
        readonly credentials: readonly CredentialUse[];
        /** Folders beside the workspace that it sees there. */
        readonly folders: readonly AgentFolder[];
      }
    | {
        readonly kind: "destructive_file_op";
        readonly path: string;
        readonly operation: "delete" | "overwrite";
      }
    | ({ readonly kind: "network_request" } & Target)
    /** A request that a stored credential is added to where it leaves; it is bound to this scheme, host and port. */
    | ({ readonly kind: "credential_use"; readonly name: string } & Target)
    | {
        readonly kind: "cron_create";
        readonly schedule: string;
        readonly text: string;
        readonly grants: readonly string[];
      }
    | { readonly kind: "skill_install"; readonly difference: string }
    | { readonly kind: "config_change"; readonly difference: string }
    | { readonly kind: "policy_change"; readonly difference: string }
    | { readonly kind: "approver_change"; readonly difference: string }
    | { readonly kind: "record_export"; readonly difference: string }
    | { readonly kind: "record_erase"; readonly difference: string }
    | { readonly kind: "record_prune"; readonly difference: string }
    | {
        readonly kind: "mcp_call";
        readonly server: string;
        readonly mcpTool: string;
        readonly definition: string;
        readonly readOnly: boolean;
        /** The arguments as JSON text, exactly as they are sent; numbers may have fractions, so `args` is empty. */
        readonly input: string;
      }
    | {
        readonly kind: "wasm_call";
        readonly skill: string;
        readonly signer: string;
        readonly sha256: string;
        readonly pinned: boolean;
      }
    | { readonly kind: "cross_channel_memory_read"; readonly source: string }
    | { readonly kind: "imported_read"; readonly source: string }
    | { readonly kind: "spawn_subagent"; readonly agent: string; readonly ceiling: Tier }
    | { readonly kind: "unknown_tool"; readonly name: string; readonly reason: string }
  );
export type ActionKind = Action["kind"];
export type ActionOf<K extends ActionKind> = Extract<Action, { readonly kind: K }>;

/**
 * The tier of a kind before its fields are looked at; `tierOf` in `src/policy` may lower it where policy.md
 * says so.
 */
export const BASE_TIER = {
  workspace_read: 1,
  workspace_list: 1,
  workspace_write: 1,
  folder_read: 1,
  folder_write: 1,
  channel_reply: 1,
  memory_read: 1,
  memory_write: 1,
  web_search: 1,
  model_call: 1,
  shell_inspect: 2,
  external_file_read: 2,
  external_file_write: 3,
  file_send: 2,
  cross_conversation_message: 2,
  boxed_exec: 2,
  shell_exec: 3,
  destructive_file_op: 3,
  network_request: 3,
  credential_use: 3,
  cron_create: 3,
  skill_install: 3,
  config_change: 3,
  policy_change: 3,
  approver_change: 3,
  record_export: 3,
  record_erase: 3,
  record_prune: 3,
  mcp_call: 3,
  wasm_call: 3,
  cross_channel_memory_read: 3,
  imported_read: 3,
  spawn_subagent: 2,
  unknown_tool: 3,
} as const satisfies Record<ActionKind, Tier>;

/** Kinds whose producer belongs to later work: they classify, ask and deny, and have no performer. Only shrinks. */
export const PENDING_KINDS = {
  memory_read: "memory",
  memory_write: "memory",
  web_search: "web search",
  external_file_read: "walls",
  external_file_write: "walls",
  file_send: "channels",
  cross_conversation_message: "channels",
  cron_create: "schedules",
  skill_install: "skills",
  record_export: "proof",
  record_erase: "proof",
  record_prune: "proof",
  wasm_call: "skills",
  cross_channel_memory_read: "memory",
  imported_read: "memory",
  spawn_subagent: "sub-agents",
} as const satisfies Partial<Record<ActionKind, string>>;
