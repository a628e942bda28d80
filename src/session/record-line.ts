/** A row as the record panel shows it: one sentence, hidden characters visible, whatever the row holds. Pure. */
import { EVENT_KINDS, type EventKind, type Row } from "#contracts/audit-event.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { RecordLine } from "#contracts/page-api.ts";
import { visibleLine } from "#contracts/visible.ts";
import { numberField, textField } from "./fields.ts";

const SUMMARY_CHARS_MAX = 240;

/** The line of a row. */
export function recordLine(row: Row): RecordLine {
  const { id, session, seq, tsMs, kind, trust, hash } = row;
  return {
    id,
    session,
    seq,
    tsMs,
    kind,
    trust,
    summary: summaryOf(row),
    call: textField(row.payload, "call"),
    hash,
  };
}

function summaryOf(row: Row): string {
  const make = SUMMARIES[row.kind];
  const text = row.payload === undefined ? "(pruned)" : make?.(row.payload, row.content);
  const line = visibleLine(text ?? EVENT_KINDS[row.kind]);
  return line.length > SUMMARY_CHARS_MAX ? `${line.slice(0, SUMMARY_CHARS_MAX)}…` : line;
}

type Summary = (payload: JsonObject, content: JsonObject | undefined) => string;

const says: Summary = (_, content) => (content === undefined ? "(erased)" : textField(content, "text"));
const field = (payload: JsonObject, name: string): string => textField(payload, name);

const SUMMARIES: Partial<Record<EventKind, Summary>> = {
  user_message: (payload, content) => `asked: ${says(payload, content)}`,
  assistant_message: (payload, content) => `answered: ${says(payload, content)}`,
  inbound: (payload) => `a ${field(payload, "kind")} arrived`,
  tool_call: (payload, content) => {
    const wish = `${textField(content, "verb")} ${textField(content, "target")}`;
    return `wants: ${wish} (tier ${numberField(payload, "tier")})`;
  },
  decision: (payload) => {
    const by = field(payload, "by") === "policy" ? "the policy" : field(payload, "by");
    const surface = field(payload, "surface");
    return `${field(payload, "verdict")} by ${by}${surface === "" ? "" : ` on ${surface}`}`;
  },
  intent: () => "about to run",
  tool_result: (payload) => {
    const exit = payload["exit_code"];
    const code = typeof exit === "number" ? `, exit ${exit}` : "";
    return `${field(payload, "outcome")}${code}, ${numberField(payload, "bytes")} bytes`;
  },
  approval_requested: (payload) =>
    `asked a person about ${field(payload, "action")} (tier ${numberField(payload, "tier")})`,
  approval_refused: (payload) => `an answer was refused: ${field(payload, "reason")}`,
  llm_request: (payload) => `asked ${field(payload, "provider")} ${field(payload, "model")}`,
  llm_response: (payload) => `the model answered: ${field(payload, "stop")}`,
  llm_error: (payload) => `the model failed: ${field(payload, "class")}`,
  turn_started: () => "turn began",
  turn_ended: (payload) => `turn ended: ${field(payload, "outcome")}`,
  turn_cancelled: (payload) => `turn stopped by ${field(payload, "by")}`,
  outbound: (payload) => `${field(payload, "purpose")} handed to the channel`,
  delivery: (payload) => `delivery: ${field(payload, "state")}`,
  injection_flag: (payload) => `marked as a likely injection: ${field(payload, "detector")}`,
  channel_mismatch: (payload) => `a frame of ${field(payload, "actual_channel")} claimed another channel`,
  handshake_refused: (payload) => `a connection was refused: ${field(payload, "reason")}`,
  adapter_state: (payload) => `${field(payload, "role")} is ${field(payload, "state")}`,
  config_changed: (payload) => `configuration changed by ${field(payload, "by")}`,
  grant: (payload) =>
    `a permission was stored for ${field(payload, "agent")} on ${field(payload, "channel")}`,
  approver_changed: (payload) => `approver ${field(payload, "change")} on ${field(payload, "surface")}`,
  started: (payload) => `started, version ${field(payload, "version")}`,
  chain_head: (payload) =>
    `signed rows ${numberField(payload, "seq_start")}–${numberField(payload, "seq_end")}`,
  login: (payload) => `a page logged in: ${field(payload, "page")}`,
};
