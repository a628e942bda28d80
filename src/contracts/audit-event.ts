/**
 * The audit log's words: event kinds, trust, and a row before and after it was written (docs/formats/audit.md).
 * Free text (messages, arguments, outputs, paths, hosts, platform ids) stands in `content`, never in `payload`.
 */
import type { SessionId } from "./ids.ts";
import type { JsonObject } from "./json.ts";

export const TRUSTS = ["system", "user", "tool", "external"] as const;
/** Who wrote what the row records: the program, an admitted person, a tool's output, anyone else. */
export type Trust = (typeof TRUSTS)[number];

/** Every kind of row with what it records. `docs/audit-cli.md` is generated from this table. */
export const EVENT_KINDS = {
  log_created: "the log was begun; id and log key",
  key_continuity: "a signing key came into force, signed by the one before it",
  chain_head: "a signed head over a range of rows of its session",
  checkpoint: "a signed tree head over all rows before it",
  pruned: "rows of a range were reduced to their skeleton",
  content_erased: "the text of a row was erased",
  restored: "the log was restored from a backup",
  person_seen: "a person was seen for the first time; the platform's id is erasable",
  person_linked: "two persons were declared to be one, by whom",
  conversation_seen: "a conversation was seen for the first time; the platform's id is erasable",
  blob: "a distinct text kept once: system prompt, skill body, tool table",
  inbound: "an event arrived from a channel, with the adapter's signature",
  user_message: "the text of a turn, with its asker and the hash of the merged profile",
  assistant_message: "an answer, with its stop reason",
  tool_call: "the model proposed a call: action variant, tier, labels",
  decision: "policy or a person decided: verdict, rule, policy hash, approver, surface, digest",
  intent: "the effect is about to begin; durable before it does",
  egress: "a call asked for a way out: the broker's verdict and reason; the host stands in content",
  tool_result: "how a call ended: outcome, hash and size of its output",
  approval_requested: "a person was asked, until when",
  approval_refused: "an answer to an approval was refused: wrong person, surface, digest or time",
  llm_request: "a request to a model: provider, model, hashes of messages, tools and body",
  llm_response: "a model's answer: stop reason, usage",
  llm_error: "a model's request failed: class, status, attempts",
  turn_started: "a turn began",
  turn_ended: "a turn ended, and how",
  turn_cancelled: "a turn was stopped by a person or a shutdown",
  outbound: "a message was handed to an adapter",
  delivery: "how an outbound message fared",
  injection_flag: "the injection detector marked a text",
  secret_redacted:
    "a secret of this program came back in a text and was taken out: which, from where, how often",
  inbound_dropped: "events of a person came faster than they are taken and were not: how many in a minute",
  admission_refused: "an unknown sender was answered with the one fixed text",
  pairing: "a pairing code was made, used or refused, or a pairing was taken back",
  channel_mismatch: "a frame claimed another channel than its connection's: both sides",
  handshake_refused: "a connection was refused: reason",
  frame_refused: "a frame broke the protocol: rule",
  adapter_state: "a peer or role changed its state",
  grant: "a permission was stored: action key, agent, channel, person, until when",
  grant_revoked: "a stored permission was taken back",
  approver_changed: "an approver was added, changed or removed",
  credential_changed: "a credential was added, rotated or removed; never its value",
  config_changed: "the configuration changed: which keys, by whom",
  policy_loaded: "the policy in force: hash",
  instructions_changed: "an agent's standing instructions changed: hash",
  skill_loaded: "a skill was loaded: name, signer, hash",
  skill_refused: "a skill was refused: reason",
  mcp_entry: "an MCP server changed its state: reason, starts",
  mcp_tool_pinned:
    "the definition of an MCP server's tool was approved, or all of a server's were taken back: hash",
  mcp_tool_changed:
    "an MCP server's tool is defined otherwise than it was approved: refused until it is approved again",
  budget: "a budget was set, spent or exceeded",
  siem_gap: "rows could not be forwarded in time",
  confinement: "what confines a process: mechanism by mechanism",
  started: "the program started: version, hash of its executable",
  stopped: "the program stopped in order",
  recovered: "the program found an unfinished call, turn or delivery after a crash",
  login: "a person logged in to a page",
  record_read: "a person opened the text of a session",
  export: "rows were exported",
  accepted: "an operator accepted a state or tail that did not continue the signed one",
} as const satisfies Record<string, string>;
export type EventKind = keyof typeof EVENT_KINDS;

/** True for the name of an event kind. */
export function isEventKind(text: string): text is EventKind {
  return Object.hasOwn(EVENT_KINDS, text);
}

/** A row as its author hands it to the writer. */
export interface NewRow {
  readonly session: SessionId;
  readonly kind: EventKind;
  readonly trust: Trust;
  /** Hashed as stored, never erased by request: ids, codes, hashes, numbers. I-JSON with integers. */
  readonly payload: JsonObject;
  /** Erasable text. */
  readonly content?: JsonObject;
}

/** A row as it stands in the log. */
export interface Row {
  /** 1 … n over all sessions. */
  readonly id: number;
  readonly session: SessionId;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: EventKind;
  readonly trust: Trust;
  /** `undefined` when pruned. */
  readonly payload: JsonObject | undefined;
  /** `undefined` when there is none, or it was erased or pruned. */
  readonly content: JsonObject | undefined;
  /** Lower-case hex. */
  readonly hash: string;
}
