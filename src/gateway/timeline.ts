/** The console's timeline: a line for each act (the rows of one call, message or change), newest first. Pure. */
import type { Row } from "#contracts/audit-event.ts";
import { partsOfSession } from "#contracts/ids.ts";
import type { TimelineAct } from "#contracts/page-api.ts";
import { textField, textsField } from "#session/fields.ts";
import type { Names } from "./approval-rows.ts";
import { recordLine } from "#session/record-line.ts";

/** Rows that are machinery of the log and no act of anyone. */
const MACHINERY = [
  "chain_head",
  "checkpoint",
  "key_continuity",
  "blob",
  "person_seen",
  "conversation_seen",
] as const;
const ADMIN = [
  "config_changed",
  "approver_changed",
  "grant",
  "grant_revoked",
  "credential_changed",
  "pairing",
  "started",
  "stopped",
  "login",
  "record_read",
  "export",
  "accepted",
] as const;
export type TimelineView =
  | "all"
  | "waiting"
  | "denied"
  | "approved"
  | "left_this_computer"
  | "foreign"
  | "admin"
  | "failures";

/** Folds rows (ascending by id) to acts, newest first. */
export function timelineActs(rows: readonly Row[], names: Names): readonly TimelineAct[] {
  const groups = Map.groupBy(
    rows.filter((row) => !MACHINERY.some((kind) => kind === row.kind)),
    keyOf,
  );
  return [...groups.entries()].map(([key, group]) => actOf(key, group, names)).reverse();
}

/** The rows that a view shows: acts with at least one row of it. */
export function inView(act: TimelineAct, rows: ReadonlyMap<number, Row>, view: TimelineView): boolean {
  if (view === "all") return true;
  const own = act.lines.flatMap((line) => rows.get(line.id) ?? []);
  const verdicts = own
    .filter((row) => row.kind === "decision")
    .map((row) => textField(row.payload, "verdict"));
  switch (view) {
    case "waiting":
      return act.tone === "waiting";
    case "denied":
      return verdicts.some((verdict) => verdict === "deny" || verdict === "denied");
    case "approved":
      return verdicts.includes("approved");
    case "left_this_computer":
      return own.some((row) => textField(row.payload, "action") === "network_request");
    case "foreign":
      return own.some((row) =>
        textsField(row.payload, "seen_origins").some((origin) => origin === "web" || origin === "stranger"),
      );
    case "admin":
      return own.some((row) => ADMIN.some((kind) => kind === row.kind));
    case "failures":
      return act.tone === "bad";
  }
}

function keyOf(row: Row): string {
  const call = textField(row.payload, "call");
  if (call !== "") return `call ${call}`;
  const outbound = textField(row.payload, "outbound");
  if (outbound !== "") return `outbound ${outbound}`;
  const request = row.payload?.["request"];
  if (typeof request === "number") return `request ${row.session} ${request}`;
  return row.kind === "llm_request" ? `request ${row.session} ${row.seq}` : `row ${row.id}`;
}

function actOf(key: string, rows: readonly Row[], names: Names): TimelineAct {
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) throw new Error("timeline: an act without rows");
  const lines = rows.map(recordLine);
  const asker = rows
    .map((row) => textField(row.payload, "asker") || textField(row.payload, "person"))
    .find((id) => id !== "");
  const decided = rows
    .filter((row) => row.kind === "decision")
    .map((row) => textField(row.payload, "verdict"));
  const result = rows.find((row) => row.kind === "tool_result");
  const outcomes = [...decided, ...(result === undefined ? [] : [textField(result.payload, "outcome")])];
  return {
    key,
    tsMs: first.tsMs,
    session: first.session,
    channel: partsOfSession(first.session)?.instance ?? "",
    who: asker === undefined ? "" : names.person(asker),
    what: lines[0]?.summary ?? "",
    outcome: outcomes.join(" → "),
    tone: toneOf(rows, outcomes),
    firstRow: first.id,
    lastRow: last.id,
    lines,
  };
}

function toneOf(rows: readonly Row[], outcomes: readonly string[]): TimelineAct["tone"] {
  const bad = ["failed", "deny", "denied", "expired", "unknown", "changed"];
  if (outcomes.some((outcome) => bad.includes(outcome))) return "bad";
  if (rows.some((row) => FAILURES.some((kind) => kind === row.kind))) return "bad";
  if (outcomes.at(-1) === "ask") return "waiting";
  return outcomes.includes("done") ? "good" : "neutral";
}

const FAILURES = [
  "llm_error",
  "channel_mismatch",
  "handshake_refused",
  "frame_refused",
  "approval_refused",
  "admission_refused",
] as const;
