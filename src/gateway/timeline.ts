/** The console's timeline: a line for each act (the rows of one call, message or change), newest first. Pure. */
import type { Row } from "#contracts/audit-event.ts";
import { partsOfSession, type SessionId } from "#contracts/ids.ts";
import type { TimelineAct } from "#contracts/page-api.ts";
import { numberField, textField, textsField } from "#session/fields.ts";
import type { Names } from "./approval-rows.ts";
import { outcomeOf, toneOf, whatOf } from "./act-words.ts";
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
  const shown = rows.filter((row) => !MACHINERY.some((kind) => kind === row.kind));
  const keys = keysOf(shown);
  const groups = Map.groupBy(shown, (row) => keys.get(row.id) ?? `row ${row.id}`);
  return [...groups.entries()]
    .map(([key, group]) => actOf(key, group, names))
    .sort((a, b) => b.firstRow - a.firstRow);
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
      return own.some((row) => LEAVES.has(textField(row.payload, "action")));
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

const LEAVES: ReadonlySet<string> = new Set(["network_request", "credential_use"]);

/**
 * The act of each row: a call's rows are one, all else of a turn is another, with the event that began it and the
 * answer that left.
 */
function keysOf(rows: readonly Row[]): ReadonlyMap<number, string> {
  const keys = new Map<number, string>();
  const arrivals = new Map<string, number>();
  const lastTurn = new Map<SessionId, string>();
  for (const row of rows) {
    const key = keyOf(row, lastTurn.get(row.session));
    if (row.kind === "inbound") arrivals.set(`${row.session} ${row.seq}`, row.id);
    if (row.kind === "turn_started") lastTurn.set(row.session, key);
    const arrival = arrivals.get(`${row.session} ${numberField(row.payload, "inbound", -1)}`);
    // Words that are run once more stay with the turn that they came for.
    const isFirst = textField(row.payload, "again_of") === "";
    if (row.kind === "user_message" && arrival !== undefined && isFirst) keys.set(arrival, key);
    keys.set(row.id, key);
  }
  return keys;
}

function keyOf(row: Row, lastTurn: string | undefined): string {
  const call = textField(row.payload, "call");
  if (call !== "") return `call ${call}`;
  const turn = textField(row.payload, "turn");
  if (turn !== "") return `turn ${turn}`;
  const isAnswer = row.kind === "delivery" || textField(row.payload, "purpose") === "answer";
  if (isAnswer && lastTurn !== undefined) return lastTurn;
  const outbound = textField(row.payload, "outbound");
  return outbound === "" ? `row ${row.id}` : `outbound ${outbound}`;
}

function actOf(key: string, rows: readonly Row[], names: Names): TimelineAct {
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) throw new Error("timeline: an act without rows");
  const lines = rows.map((row) => recordLine(row, names));
  const person = rows
    .map((row) => textField(row.payload, "asker") || textField(row.payload, "person"))
    .find((id) => id !== "");
  return {
    key,
    tsMs: first.tsMs,
    session: first.session,
    channel: partsOfSession(first.session)?.instance ?? "",
    who: person === undefined ? "" : names.person(person),
    what: whatOf(rows) ?? lines[0]?.summary ?? "",
    outcome: outcomeOf(rows, names),
    tone: toneOf(rows),
    firstRow: first.id,
    lastRow: last.id,
    lines,
  };
}
