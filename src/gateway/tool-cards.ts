/** The rows of one tool call folded to the card that chat and console show (docs: pages, "Messages"). Pure. */
import type { Tier } from "#contracts/action.ts";
import type { Row } from "#contracts/audit-event.ts";
import type { CardState, ToolCard } from "#contracts/page-api.ts";
import { visible } from "#contracts/visible.ts";
import type { RunEnd } from "#policy/outcome.ts";
import { flagField, numberField, textField } from "#session/fields.ts";

/** How a call ended, as its result row says. */
export const CALL_OUTCOMES = [
  "done",
  "failed",
  "denied",
  "expired",
  "stopped",
  "unknown",
  "changed",
] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

const STATE_OF = {
  done: "done",
  failed: "failed",
  denied: "denied",
  expired: "expired",
  stopped: "stopped",
  unknown: "unknown",
  changed: "failed",
} as const satisfies Record<CallOutcome, CardState>;

/** A call's verb before and after it ran: "Run", "Ran". */
export interface Verbs {
  readonly present: string;
  readonly past: string;
}

const HAS_RUN: readonly CardState[] = ["done", "failed", "stopped", "unknown"];

/** The verbs that a `tool_call` row names; rows without a present form have the past one for both. */
export function verbsOf(row: Row): Verbs {
  const past = textField(row.content, "verb");
  return { present: textField(row.content, "wish") || past, past };
}

/** The card that a `tool_call` row begins; `undefined` for another row. */
export function beginCard(row: Row): ToolCard | undefined {
  if (row.kind !== "tool_call") return undefined;
  return {
    call: textField(row.payload, "call"),
    turn: textField(row.payload, "turn"),
    tool: textField(row.payload, "tool"),
    verb: verbsOf(row).present,
    target: textField(row.content, "target"),
    tier: tierOf(numberField(row.payload, "tier", 3)),
    state: "proposed",
    where: textField(row.content, "where"),
    startedMs: row.tsMs,
    tookMs: 0,
    row: row.id,
    output: "",
    exitCode: null,
    undoable: false,
  };
}

/** The card after one more row about its call. What never ran keeps the present verb. */
export function advanceCard(card: ToolCard, row: Row, verbs: Verbs): ToolCard {
  const next = nextCard(card, row);
  const hasRun = HAS_RUN.includes(next.state) && (card.state === "running" || card.state === next.state);
  return { ...next, verb: hasRun ? verbs.past : verbs.present };
}

function nextCard(card: ToolCard, row: Row): ToolCard {
  const next = { ...card, row: row.id };
  if (row.kind === "approval_requested") return { ...next, state: "waiting" };
  if (row.kind === "intent") return { ...next, state: "running", startedMs: row.tsMs };
  if (row.kind !== "tool_result") return next;
  const exit = row.payload?.["exit_code"];
  return {
    ...next,
    state: stateOf(textField(row.payload, "outcome")),
    tookMs: numberField(row.payload, "took_ms"),
    output: visible(textField(row.content, "text")),
    exitCode: typeof exit === "number" ? exit : null,
    undoable: flagField(row.payload, "undoable"),
  };
}

/** How an approved call ended, from its result row. */
export function runEndOf(row: Row): RunEnd {
  const tookMs = numberField(row.payload, "took_ms");
  const exit = row.payload?.["exit_code"];
  const outcome = CALL_OUTCOMES.find((each) => each === textField(row.payload, "outcome"));
  if (typeof exit === "number") return { kind: "done", tookMs, exitCode: exit, row: row.id };
  if (outcome === "done") return { kind: "done", tookMs, row: row.id };
  if (outcome === "changed") return { kind: "changed" };
  return { kind: outcome === "failed" || outcome === "stopped" ? outcome : "unknown", row: row.id };
}

function stateOf(outcome: string): CardState {
  const known = CALL_OUTCOMES.find((each) => each === outcome);
  return known === undefined ? "unknown" : STATE_OF[known];
}

function tierOf(value: number): Tier {
  return value === 1 || value === 2 ? value : 3;
}
