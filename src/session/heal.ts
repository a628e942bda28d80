/**
 * The crash rule: what a session that ended in the middle is owed before anything else happens to it. Every call gets a
 * result, every turn an end, every approval an outcome, every begun delivery a state; nothing is run or sent again.
 */
import type { NewRow, Row } from "#contracts/audit-event.ts";
import type { SessionId } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import { textField } from "./fields.ts";
import { callsWithoutResult, openApprovals, openDeliveries, openTurns } from "./history.ts";

/** What the model and the person are told about a call whose end nobody saw. */
export const UNKNOWN_OUTCOME = "The program ended while this ran. It was not repeated.";

/** Whether the call's effect may have begun: only then is its outcome unknown. */
type CallEnd = { readonly outcome: "unknown" | "failed"; readonly text: string };

/**
 * The rows that close what `rows` left open, in an order a reader can follow; empty when nothing was. Within a running
 * program (`turn`) deliveries are left alone: their adapter may still be at it.
 */
export function healingRows(
  session: SessionId,
  rows: readonly Row[],
  scope: "start" | "turn" = "start",
): readonly NewRow[] {
  const healed: NewRow[] = [];
  const add = (kind: NewRow["kind"], payload: JsonObject, content?: JsonObject): void => {
    const row = { session, kind, trust: "system" as const, payload };
    healed.push(content === undefined ? row : { ...row, content });
  };
  for (const open of openApprovals(rows)) {
    add("decision", {
      turn: textField(open.payload, "turn"),
      call: textField(open.payload, "call"),
      approval: textField(open.payload, "approval"),
      verdict: "expired",
      by: "restart",
      surface: "",
    });
  }
  for (const open of callsWithoutResult(rows)) {
    const call = textField(open.payload, "call");
    const end = endOf(call, rows);
    const payload = { turn: textField(open.payload, "turn"), call, tool: textField(open.payload, "tool") };
    add("tool_result", { ...payload, outcome: end.outcome, code: "restart", took_ms: 0 }, { text: end.text });
  }
  for (const [outbound, { began }] of openDeliveries(rows)) {
    if (began && scope === "start") add("delivery", { outbound, state: "unknown", code: "restart" });
  }
  for (const open of openTurns(rows)) {
    add("turn_ended", { turn: textField(open.payload, "turn"), outcome: "failed", code: "restart" });
  }
  if (healed.length > 0) add("recovered", { rows: healed.length });
  return healed;
}

function endOf(call: string, rows: readonly Row[]): CallEnd {
  const begun = rows.some((row) => row.kind === "intent" && textField(row.payload, "call") === call);
  if (begun) return { outcome: "unknown", text: UNKNOWN_OUTCOME };
  // Safe to say: the intent row is durable before an effect begins, so without one there was none.
  return { outcome: "failed", text: "The program ended before this ran. Nothing was done." };
}
