/** What a person in a chat app is told about a turn that did not end with an answer. */
import type { TurnOutcome } from "#agent/turn.ts";
import { unreachable } from "#contracts/result.ts";
import { visibleLine } from "#contracts/visible.ts";

/** The sentence, empty for an answered turn. */
export function endingNotice(outcome: TurnOutcome): string {
  switch (outcome.kind) {
    case "answered":
      return outcome.text === "" ? "The model answered with nothing." : "";
    case "stopped":
      return "Stopped.";
    case "expired":
      return `This needed an approval for ${visibleLine(outcome.needed)}, and nobody answered in time. Nothing ran. Ask again to try once more.`;
    case "failed":
      return `The model failed (${outcome.error.class}). Your message is kept. Try again.`;
    case "refused":
      return `Not sent to the model: ${outcome.fault.message}.${outcome.fault.hint === undefined ? "" : ` ${outcome.fault.hint}`}`;
    case "round_limit":
      return `Stopped after ${outcome.rounds} rounds of tools in one turn.`;
    default:
      return unreachable(outcome);
  }
}
