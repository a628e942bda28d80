/** What an act of the timeline is called and how it went, from its rows. Pure. */
import type { Row } from "#contracts/audit-event.ts";
import type { TimelineAct } from "#contracts/page-api.ts";
import { visibleLine } from "#contracts/visible.ts";
import { numberField, textField } from "#session/fields.ts";
import { oneLine } from "#session/record-line.ts";
import type { Names } from "./approval-rows.ts";
import { verbsOf } from "./tool-cards.ts";

const WHAT_CHARS_MAX = 200;

/** What was done or asked for: a call's wish, a message's words; `undefined` where the first row says it. */
export function whatOf(rows: readonly Row[]): string | undefined {
  for (const row of rows) {
    if (row.kind === "tool_call" && row.content !== undefined) {
      return capped(`${verbsOf(row).present} ${textField(row.content, "target")}`.trim());
    }
    if (row.kind === "user_message" && row.content !== undefined) {
      return capped(`“${oneLine(textField(row.content, "text"))}”`);
    }
  }
  return undefined;
}

/** "asked → approved by Ben (9 s) → done, 0.3 s". */
export function outcomeOf(rows: readonly Row[], names: Names): string {
  let askedMs = 0;
  const steps = rows.flatMap((row) => {
    if (row.kind === "approval_requested") askedMs = row.tsMs;
    if (row.kind === "decision") return [decisionWords(row, names, askedMs)];
    if (row.kind === "tool_result") return [resultWords(row)];
    return row.kind === "turn_ended" ? [turnWords(row, rows)] : [];
  });
  return steps.filter((step) => step !== "").join(" → ");
}

/** A turn's own rows say how it went, a call's decisions and result do. */
export function toneOf(rows: readonly Row[]): TimelineAct["tone"] {
  if (rows.some((row) => FAILURES.some((kind) => kind === row.kind))) return "bad";
  const words = rows.flatMap((row) => [textField(row.payload, "verdict"), textField(row.payload, "outcome")]);
  if (words.some((word) => BAD.some((bad) => bad === word))) return "bad";
  if (words.includes("done") || words.includes("answered")) return "good";
  const last = rows.findLast((row) => row.kind === "decision");
  return textField(last?.payload, "verdict") === "ask" ? "waiting" : "neutral";
}

const BAD = ["failed", "deny", "denied", "expired", "unknown", "changed", "cancelled"] as const;
const FAILURES = [
  "llm_error",
  "channel_mismatch",
  "handshake_refused",
  "frame_refused",
  "approval_refused",
  "admission_refused",
] as const;

function decisionWords(row: Row, names: Names, askedMs: number): string {
  const [verdict, by] = [textField(row.payload, "verdict"), textField(row.payload, "by")];
  if (by === "policy") return verdict === "ask" ? "asked" : verdict === "deny" ? "denied by the policy" : "";
  if (by === "time") return verdict;
  const waited = askedMs === 0 ? "" : ` (${seconds(row.tsMs - askedMs)})`;
  return `${verdict} by ${names.person(by)}${waited}`;
}

/** A refusal stands in the decision already. */
function resultWords(row: Row): string {
  const outcome = textField(row.payload, "outcome");
  if (outcome === "denied" || outcome === "expired") return "did not run";
  const exit = row.payload?.["exit_code"];
  const code = typeof exit === "number" && exit !== 0 ? `, exit ${exit}` : "";
  const tookMs = numberField(row.payload, "took_ms");
  return `${outcome}${code}${tookMs >= 50 ? `, ${seconds(tookMs)}` : ""}`;
}

function turnWords(row: Row, rows: readonly Row[]): string {
  const began = rows.find((each) => each.kind === "turn_started");
  const took = began === undefined ? "" : `, ${seconds(row.tsMs - began.tsMs)}`;
  return `${textField(row.payload, "outcome").replaceAll("_", " ")}${took}`;
}

function seconds(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

function capped(text: string): string {
  const line = visibleLine(text.slice(0, WHAT_CHARS_MAX + 1).toWellFormed());
  return text.length > WHAT_CHARS_MAX ? `${line}…` : line;
}
