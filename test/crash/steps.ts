/**
 * The steps of one turn as its rows mark them: a step begins when its row is durable and lasts until the next one is.
 * Rows that are written in one transaction are one step, named after its last row.
 */
import type { LogRow } from "./log-watch.ts";

export const STEPS = [
  "inbound",
  "user_message",
  "llm_request",
  "llm_response",
  "assistant_message",
  "decision",
  "approval_requested",
  "decision by a person",
  "intent",
  "effect",
  "tool_result",
  "llm_request 2",
  "llm_response 2",
  "assistant_message 2",
  "turn_ended",
  "outbound",
  "delivery begun",
  "delivery",
  "chain_head",
  "checkpoint",
] as const;
export type Step = (typeof STEPS)[number];

const FIRST: Readonly<Record<string, Step>> = {
  inbound: "inbound",
  user_message: "user_message",
  llm_request: "llm_request",
  llm_response: "llm_response",
  assistant_message: "assistant_message",
  approval_requested: "approval_requested",
  intent: "intent",
  tool_result: "tool_result",
  turn_ended: "turn_ended",
  outbound: "outbound",
  chain_head: "chain_head",
  checkpoint: "checkpoint",
};
const SECOND: Readonly<Record<string, Step>> = {
  llm_request: "llm_request 2",
  llm_response: "llm_response 2",
  assistant_message: "assistant_message 2",
};

/** Follows the rows of one turn and names the step that it is in. */
export class StepCounter {
  readonly #turns = new Map<string, number>();
  #step: Step | undefined;

  get step(): Step | undefined {
    return this.#step;
  }

  /** Takes the next row. */
  take(row: LogRow): void {
    // Lanes live their own life beside the turn; a checkpoint ends it, once it has begun.
    const isLane = row.session.startsWith("_");
    if (isLane && (row.kind !== "checkpoint" || this.#step === undefined)) return;
    if (this.#step === undefined && row.kind !== "inbound") return;
    this.#step = this.#stepOf(row) ?? this.#step;
  }

  #stepOf(row: LogRow): Step | undefined {
    if (row.kind === "decision") return row.field("approval") === "" ? "decision" : "decision by a person";
    if (row.kind === "delivery") return row.field("state") === "sending" ? "delivery begun" : "delivery";
    const times = this.#turns.get(row.kind) ?? 0;
    this.#turns.set(row.kind, times + 1);
    return (times === 0 ? FIRST : { ...FIRST, ...SECOND })[row.kind];
  }
}
