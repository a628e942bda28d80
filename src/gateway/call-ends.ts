/** Ends of calls that did not run, or of which it is not known whether they did. */
import type { ApprovalOutcome } from "#contracts/approval.ts";
import { outcomeForModel } from "#policy/outcome.ts";
import { NO_LABELS } from "#session/history.ts";
import type { CallEnd } from "./call-rows.ts";

const NOTHING: ReadonlyMap<string, number> = new Map();

/** A call that ended without an effect that is known. */
export function notRun(outcome: CallEnd["outcome"], code: string, text: string): CallEnd {
  return {
    outcome,
    code,
    text,
    tookMs: 0,
    labels: NO_LABELS,
    undo: undefined,
    recorded: undefined,
    secrets: NOTHING,
    exitCode: undefined,
  };
}

/** The end of a call that was not approved. */
export function unapproved(outcome: Exclude<ApprovalOutcome, { verdict: "approved" }>): CallEnd {
  const outcomes = { denied: "denied", expired: "expired", cancelled: "stopped" } as const;
  return notRun(outcomes[outcome.verdict], outcome.verdict, outcomeForModel(outcome));
}
