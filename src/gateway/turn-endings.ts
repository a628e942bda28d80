/** How a turn ended: what its row keeps, and what a person in a chat app is told where there was no answer. */
import type { TurnOutcome } from "#agent/turn.ts";
import { unreachable } from "#contracts/result.ts";
import { visibleLine } from "#contracts/visible.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { ErrorParts } from "#contracts/page-api.ts";
import { modelErrorParts, partsAsText, refusalParts, wordsIn } from "./error-parts.ts";

/**
 * The sentence, empty for an answered turn.
 * @param again how a request that expired is asked again here
 */
export function endingNotice(outcome: TurnOutcome, again: string): string {
  switch (outcome.kind) {
    case "answered":
      return outcome.text === "" ? "The model answered with nothing." : "";
    case "stopped":
      return "Stopped.";
    case "expired":
      return `This needed an approval for ${visibleLine(outcome.needed)}, and nobody answered in time. Nothing ran. ${again}`;
    case "failed":
      return partsAsText(failureParts(outcome));
    case "refused":
      return partsAsText(refusalParts(outcome.fault.message, outcome.fault.hint ?? ""));
    case "round_limit":
      return `Stopped after ${outcome.rounds} rounds of tools in one turn.`;
    default:
      return unreachable(outcome);
  }
}

/** The parts of a failed turn, from its outcome. */
export function failureParts(outcome: Extract<TurnOutcome, { kind: "failed" }>): ErrorParts {
  const { class: errorClass, status, retryAfterMs } = outcome.error;
  const { provider, where } = outcome;
  return modelErrorParts({
    class: errorClass,
    provider,
    where,
    status,
    retryAfterMs,
    words: wordsIn(outcome.text),
  });
}

/** How a turn ended, as its `turn_ended` row keeps it. */
export function endFields(outcome: TurnOutcome): JsonObject {
  switch (outcome.kind) {
    case "answered":
    case "stopped":
    case "expired":
      return { outcome: outcome.kind, code: "" };
    case "round_limit":
      return { outcome: outcome.kind, code: "", rounds: outcome.rounds };
    case "failed":
      return { outcome: "failed", code: outcome.error.class };
    case "refused":
      return { outcome: "failed", code: outcome.fault.reason ?? outcome.fault.code };
  }
}

/** Why a request was not allowed to leave, as the person is told it. */
export function endContent(outcome: TurnOutcome): JsonObject | undefined {
  if (outcome.kind !== "refused") return undefined;
  const { message, hint = "" } = outcome.fault;
  return { message, hint };
}
