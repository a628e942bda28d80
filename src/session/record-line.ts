/** A row as the record panel shows it: one sentence, hidden characters visible, whatever the row holds. Pure. */
import { EVENT_KINDS, type EventKind, type Row } from "#contracts/audit-event.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "#contracts/json.ts";
import type { RecordLine } from "#contracts/page-api.ts";
import { visibleLine } from "#contracts/visible.ts";
import { numberField, objectField, textField } from "./fields.ts";

const SUMMARY_CHARS_MAX = 240;

/** Says who a person id is; without it the bare id stands. */
export interface LineNames {
  readonly person: (id: string) => string;
}

const BARE: LineNames = { person: (id) => id };

/** The line of a row. */
export function recordLine(row: Row, names: LineNames = BARE): RecordLine {
  const { id, session, seq, tsMs, kind, trust, hash } = row;
  return {
    id,
    session,
    seq,
    tsMs,
    kind,
    trust,
    summary: summaryOf(row, names),
    call: textField(row.payload, "call"),
    hash,
  };
}

function summaryOf(row: Row, names: LineNames): string {
  const make = SUMMARIES[row.kind];
  const text = row.payload === undefined ? "(pruned)" : make?.(row.payload, row.content, names);
  const line = visibleLine(text ?? EVENT_KINDS[row.kind]);
  return line.length > SUMMARY_CHARS_MAX ? `${line.slice(0, SUMMARY_CHARS_MAX)}…` : line;
}

/** The beginning of a text with its line breaks as spaces. */
export function oneLine(text: string): string {
  return text
    .slice(0, 2 * SUMMARY_CHARS_MAX)
    .toWellFormed()
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
}

/** Mechanisms by name, those that are missing marked. */
function wallWords(walls: Json | undefined): string {
  if (walls === undefined || !isJsonArray(walls)) return "";
  const words = walls.flatMap((wall) => {
    if (!isJsonObject(wall)) return [];
    const name = textField(wall, "name");
    return [wall["in_force"] === true ? name : `not ${name} (${textField(wall, "detail")})`];
  });
  return words.join(", ");
}

type Summary = (payload: JsonObject, content: JsonObject | undefined, names: LineNames) => string;

/** A person's or a model's text on one line: its line breaks are plain spaces here, and no hidden characters. */
const says: Summary = (_, content) =>
  content === undefined ? "(erased)" : oneLine(textField(content, "text"));
/** What the policy decided, in words. */
const POLICY_WORDS: ReadonlyMap<string, string> = new Map([
  ["allow", "the policy allows it"],
  ["ask", "the policy wants a person to answer"],
  ["deny", "the policy denies it"],
]);
const STOP_WORDS: ReadonlyMap<string, string> = new Map([
  ["tool_calls", "the model wants to use a tool"],
  ["end", "the model ended its answer"],
]);
const ARRIVED: ReadonlyMap<string, string> = new Map([
  ["message", "a message arrived"],
  ["button", "an answer to a request arrived"],
  ["edit", "an edited message arrived"],
]);
const field = (payload: JsonObject, name: string): string => textField(payload, name);

/** "run uname -a"; rows without a present verb show the past one. */
function wishOf(content: JsonObject): string {
  const verb = textField(content, "wish") || textField(content, "verb");
  return `${verb.charAt(0).toLowerCase()}${verb.slice(1)} ${textField(content, "target")}`.trimEnd();
}

const SUMMARIES: Partial<Record<EventKind, Summary>> = {
  user_message: (payload, content, names) => `asked: ${says(payload, content, names)}`,
  assistant_message: (payload, content, names) => {
    const text = says(payload, content, names);
    return text === "" ? "asked for a tool, and said nothing" : `answered: ${text}`;
  },
  inbound: (payload) => ARRIVED.get(field(payload, "kind")) ?? `a ${field(payload, "kind")} arrived`,
  tool_call: (payload, content) =>
    content === undefined
      ? `wants ${field(payload, "action")} (tier ${numberField(payload, "tier")}; text erased)`
      : `wants to ${wishOf(content)} (tier ${numberField(payload, "tier")})`,
  decision: (payload, _, names) => {
    const [verdict, by, surface] = [
      field(payload, "verdict"),
      field(payload, "by"),
      field(payload, "surface"),
    ];
    if (by === "policy") return POLICY_WORDS.get(verdict) ?? `${verdict} by the policy`;
    if (by === "time") return `${verdict}: nobody answered`;
    return `${verdict} by ${names.person(by)}${surface === "" ? "" : ` on ${surface}`}`;
  },
  intent: (payload) => (field(payload, "undo_of") === "" ? "begins to run" : "begins to undo"),
  tool_result: (payload) => {
    const exit = payload["exit_code"];
    const code = typeof exit === "number" ? `, exit ${exit}` : "";
    return `${field(payload, "outcome")}${code}, ${numberField(payload, "bytes")} bytes`;
  },
  approval_requested: (payload, content) => {
    const title = textField(objectField(content, "prompt"), "title");
    return title === "" ? `asked a person about ${field(payload, "action")}` : `asked a person: ${title}`;
  },
  approval_refused: (payload) => `an answer was refused: ${field(payload, "reason")}`,
  llm_request: (payload) => `asked ${field(payload, "provider")} ${field(payload, "model")}`,
  llm_response: (payload) =>
    STOP_WORDS.get(field(payload, "stop")) ?? `the model ended: ${field(payload, "stop")}`,
  llm_error: (payload) => `the model failed: ${field(payload, "class")}`,
  turn_started: () => "turn began",
  turn_ended: (payload) => `turn ended: ${field(payload, "outcome")}`,
  turn_cancelled: (payload, _, names) => `turn stopped by ${names.person(field(payload, "by"))}`,
  outbound: (payload) => `${field(payload, "purpose")} handed to the channel`,
  delivery: (payload) => `delivery: ${field(payload, "state")}`,
  blob: (payload) => `kept a text that the model is given, ${numberField(payload, "bytes")} bytes`,
  injection_flag: (payload) => `marked as a likely injection: ${field(payload, "detector")}`,
  egress: (payload, content) => {
    const host = oneLine(textField(content, "host"));
    const to = host === "" ? "" : ` to ${host}`;
    const way = `${field(payload, "method") || "a request"}${to} on port ${numberField(payload, "port")}`;
    const server = field(payload, "server");
    const who = server === "" ? "" : `MCP server ${server}: `;
    const more = numberField(payload, "more");
    if (more > 0 && server !== "") return `${who}refused ${more} further ways out`;
    const again = more === 0 ? "" : `, ${more} times more`;
    const credential = field(payload, "credential");
    const withIt = credential === "" ? "" : `, with the credential ${credential}`;
    if (field(payload, "verdict") === "allow") return `${who}let out: ${way}${withIt}${again}`;
    return `${who}refused a way out: ${way} (${field(payload, "reason")})${again}`;
  },
  secret_redacted: (payload) => {
    const whence = field(payload, "source") === "model" ? "the model answered" : "a tool brought back";
    return `took the secret ${field(payload, "secret")} out of what ${whence}`;
  },
  mcp_entry: (payload) => {
    const code = field(payload, "code");
    return `MCP server ${field(payload, "server")} is ${field(payload, "state")}${code === "" ? "" : ` (${code})`}`;
  },
  mcp_tool_pinned: (payload, content) =>
    field(payload, "change") === "taken_back"
      ? `what was approved of MCP server ${field(payload, "server")} was taken back`
      : `approved ${oneLine(textField(content, "tool"))} of MCP server ${field(payload, "server")}`,
  mcp_tool_changed: (payload, content) =>
    `${oneLine(textField(content, "tool"))} of MCP server ${field(payload, "server")} changed since it was approved: refused`,
  channel_mismatch: (payload) => `a frame of ${field(payload, "actual_channel")} claimed another channel`,
  handshake_refused: (payload) => `a connection was refused: ${field(payload, "reason")}`,
  adapter_state: (payload) =>
    `${field(payload, "peer") || field(payload, "role")} is ${field(payload, "state")}`,
  confinement: (payload) => `${field(payload, "peer")} is confined: ${wallWords(payload["walls"])}`,
  config_changed: (payload) => `configuration changed by ${field(payload, "by")}`,
  grant: (payload) =>
    `a permission was stored for ${field(payload, "agent")} on ${field(payload, "channel")}`,
  approver_changed: (payload) => `approver ${field(payload, "change")} on ${field(payload, "surface")}`,
  started: (payload) => `started, version ${field(payload, "version")}`,
  chain_head: (payload) =>
    `signed rows ${numberField(payload, "seq_start")}–${numberField(payload, "seq_end")}`,
  login: (payload) => `a page logged in: ${field(payload, "page")}`,
};
