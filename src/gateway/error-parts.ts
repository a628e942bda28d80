/** Why a turn failed, in three parts: what happened, what was kept, what to do (docs: pages, "Errors"). */
import type { Row } from "#contracts/audit-event.ts";
import { LLM_ERROR_CLASSES, type LlmErrorClass } from "#contracts/conversation.ts";
import type { ErrorParts } from "#contracts/page-api.ts";
import { visibleLine } from "#contracts/visible.ts";
import { textField } from "#session/fields.ts";

/** Said on every surface while the log cannot be written: nothing that it would have to record may happen. */
export const RECORD_UNWRITABLE: ErrorParts = {
  happened: "The record cannot be written.",
  kept: "What was recorded before is unharmed.",
  todo: "Nothing will run until it can. Look at the disk's space and `wirken doctor`.",
  command: "wirken doctor",
};

/** The parts for a failed turn: `ended` is its last row, `error` the model's error row before it, if any. */
export function turnError(ended: Row, error: Row | undefined): ErrorParts {
  const kept = "Your message and everything before the error are kept.";
  if (textField(ended.payload, "code") === "restart") {
    return {
      happened: "The program ended during this turn.",
      kept,
      todo: "Ask again; nothing was repeated.",
      command: "",
    };
  }
  const found = LLM_ERROR_CLASSES.find((each) => each === textField(error?.payload, "class"));
  if (found === undefined) {
    return {
      happened: "The turn ended with an error of the program.",
      kept,
      todo: "Try again; see `wirken doctor`.",
      command: "wirken doctor",
    };
  }
  const provider = visibleLine(textField(error?.payload, "provider")) || "the model";
  const [happened, todo, command] = MODEL_ERRORS[found](provider);
  return { happened, kept, todo, command };
}

type Sentences = readonly [happened: string, todo: string, command: string];

const again = "Try again in a moment.";
const MODEL_ERRORS = {
  auth: (p) => [
    `The key was refused by ${p}. Nothing was sent elsewhere.`,
    "Rotate the key.",
    `wirken credentials rotate ${p}`,
  ],
  rate_limited: (p) => [`${p} takes no more requests at the moment.`, again, ""],
  overloaded: (p) => [`${p} is overloaded.`, again, ""],
  bad_request: (p) => [`${p} did not understand the request.`, "Choose another model.", "wirken setup"],
  context_too_long: () => [
    "The conversation is longer than the model can read.",
    "Begin a new one with /new.",
    "",
  ],
  not_found: (p) => [`${p} does not have this model.`, "Choose another model.", "wirken setup"],
  network: (p) => [`${p} could not be reached.`, "Look at the network, then try again.", "wirken doctor"],
  timeout: (p) => [`${p} did not answer in time.`, again, ""],
  cut_stream: () => [
    "The model stopped in the middle of its answer.",
    "What came is not an answer. Try again.",
    "",
  ],
  protocol: (p) => [`${p} answered in a form that is not its own.`, "Check the base URL.", "wirken setup"],
  too_large: () => ["The model's answer was larger than allowed.", "Ask for less at a time.", ""],
  server: (p) => [`${p} had an error of its own.`, again, ""],
} as const satisfies Record<LlmErrorClass, (provider: string) => Sentences>;
