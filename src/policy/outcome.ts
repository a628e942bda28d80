/** What stands in an approval's place once it is closed, and what the model is told of it (docs: pages). */
import type { ApprovalOutcome, Stop } from "#contracts/approval.ts";
import type { PromptClosed } from "#contracts/message.ts";
import { unreachable } from "#contracts/result.ts";
import { visible, visibleLine } from "#contracts/visible.ts";
import type { AnswerRefusal } from "./approver.ts";

/** Names for an outcome's sentence, made by the one who knows them. */
export interface OutcomeNames {
  /** "you" or a person's name. */
  readonly by: string;
  /** "here", "on Telegram", "on the console". */
  readonly where: string;
  /** "14:02:11", in the reader's own time. */
  readonly at: string;
  /** Milliseconds that the request was open for. */
  readonly openMs: number;
}

/** How a call that was approved ended. */
export type RunEnd =
  | { readonly kind: "done"; readonly tookMs: number; readonly exitCode?: number; readonly row: number }
  | { readonly kind: "failed" | "stopped" | "unknown"; readonly row: number }
  | { readonly kind: "changed" };

/** "Approved by you, here, 14:02:11." and the other endings of a request. */
export function outcomeSentence(outcome: ApprovalOutcome, names: OutcomeNames): string {
  switch (outcome.verdict) {
    case "approved":
      return `Approved by ${visibleLine(names.by)}, ${names.where}, ${names.at}.`;
    case "denied":
      return `Denied by ${visibleLine(names.by)}, ${names.where}, ${names.at}.`;
    case "expired":
      return outcome.because === "restart"
        ? `Expired, ${names.at}: the program was restarted. Nothing ran.`
        : `Expired, ${names.at}, after ${openFor(names.openMs)}. Nothing ran.`;
    case "cancelled":
      return `${stopSentence(outcome.stop, names)} Nothing ran.`;
    default:
      return unreachable(outcome);
  }
}

/** Who stopped the turn that asked. */
function stopSentence(stop: Stop, { by, where, at }: OutcomeNames): string {
  switch (stop.by) {
    case "person":
      return `Stopped by ${visibleLine(by)}, ${where}, ${at}, before it was answered.`;
    case "operator":
      return `Stopped by the operator of this computer, ${at}.`;
    case "shutdown":
      return `Stopped with the program, ${at}.`;
    case "fault":
      return `Stopped, ${at}: the record could not be written.`;
    default:
      return unreachable(stop);
  }
}

/** "15 min", "90 s": whole minutes as minutes, else seconds. */
function openFor(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** What is added to an approval's sentence once the call has ended. */
export function runSentence(end: RunEnd): string {
  switch (end.kind) {
    case "done": {
      const exit = end.exitCode === undefined ? "" : `, exit ${end.exitCode}`;
      return `Ran ${(end.tookMs / 1_000).toFixed(1)} s${exit}. #${end.row}`;
    }
    case "failed":
      return `It failed. #${end.row}`;
    case "stopped":
      return `Stopped while it ran. #${end.row}`;
    case "unknown":
      return `Its outcome is unknown. It was not repeated. #${end.row}`;
    case "changed":
      return "Changed after you approved. Not run.";
    default:
      return unreachable(end);
  }
}

/** The state of the card that replaces the buttons. */
export function closedVerdict(outcome: ApprovalOutcome): PromptClosed["verdict"] {
  return outcome.verdict;
}

/** What the model is told: who refused, so that it stops asking, and the person's reason as quoted data. */
export function outcomeForModel(outcome: Exclude<ApprovalOutcome, { readonly verdict: "approved" }>): string {
  switch (outcome.verdict) {
    case "denied": {
      const why = outcome.why.trim() === "" ? "" : ` Their reason: ${JSON.stringify(visible(outcome.why))}`;
      return `A person refused this call. It did not run. Do not ask for it again in this turn.${why}`;
    }
    case "expired":
      return "Nobody answered in time. The call did not run.";
    case "cancelled":
      return "The turn was stopped. The call did not run.";
    default:
      return unreachable(outcome);
  }
}

/** Why an answer was not taken: "Only Ana or Ben can approve this." */
export function answerRefusalSentence(refusal: AnswerRefusal, approverNames: readonly string[]): string {
  switch (refusal) {
    case "not_an_approver": {
      const names = approverNames.map(visibleLine);
      const last = names.pop();
      if (last === undefined)
        return "Only the operator can approve this, on the console or the command line.";
      return `Only ${names.length === 0 ? last : `${names.join(", ")} or ${last}`} can approve this.`;
    }
    case "tier_too_high":
      return "This asks every time and is answered on the console or the command line.";
    default:
      return unreachable(refusal);
  }
}
