/** Why a turn failed, in three parts: what happened, what was kept, what to do (docs: pages, "Errors"). */
import type { Row } from "#contracts/audit-event.ts";
import { LLM_ERROR_CLASSES, type LlmErrorClass } from "#contracts/conversation.ts";
import type { ErrorParts } from "#contracts/page-api.ts";
import { visibleLine } from "#contracts/visible.ts";
import { numberField, textField } from "#session/fields.ts";

/** Said on every surface while the log cannot be written: nothing that it would have to record may happen. */
export const RECORD_UNWRITABLE: ErrorParts = {
  happened: "The record cannot be written.",
  kept: "What was recorded before is unharmed.",
  remedy: "Nothing will run until it can. Look at the disk's space and `wirken doctor`.",
  command: "wirken doctor",
};

/** What is known of a model that failed. */
export interface ModelTrouble {
  readonly class: LlmErrorClass;
  /** Its name in the configuration, empty where the request was never made. */
  readonly provider: string;
  /** Host, or "this computer". */
  readonly where: string;
  /** HTTP status, 0 where there was none. */
  readonly status: number;
  /** What it asked us to wait, in milliseconds; -1 where it did not say. */
  readonly retryAfterMs: number;
  /** Words of the answer that had arrived. */
  readonly words: number;
}

const KEPT = "Your message and everything before the error are kept.";

/**
 * The parts for a failed turn: `ended` is its last row, `error` the model's error row before it, if any,
 * `brokenText` what had arrived of the answer.
 */
export function turnError(ended: Row, error: Row | undefined, brokenText: string): ErrorParts {
  const code = textField(ended.payload, "code");
  if (code === "restart") {
    return {
      happened: "The program ended during this turn.",
      kept: KEPT,
      remedy: "Ask again; nothing was repeated.",
      command: "",
    };
  }
  const message = textField(ended.content, "message");
  if (message !== "") return refusalParts(message, textField(ended.content, "hint"));
  const found = LLM_ERROR_CLASSES.find((each) => each === (textField(error?.payload, "class") || code));
  if (found === undefined) {
    return {
      happened: "The turn ended with an error of the program.",
      kept: KEPT,
      remedy: "Try again; see `wirken doctor`.",
      command: "wirken doctor",
    };
  }
  return modelErrorParts({
    class: found,
    provider: visibleLine(textField(error?.payload, "provider")),
    where: visibleLine(textField(error?.payload, "where")),
    status: numberField(error?.payload, "status", 0),
    retryAfterMs: numberField(error?.payload, "retry_after_ms", -1),
    words: wordsIn(brokenText),
  });
}

/** The parts for a request that was not allowed to leave. A hint that is a command can be copied. */
export function refusalParts(message: string, hint: string): ErrorParts {
  const isCommand = hint.startsWith("wirken ");
  return {
    happened: `${capital(visibleLine(message))}. Nothing was sent to the model.`,
    kept: KEPT,
    remedy: isCommand || hint === "" ? "Mend it, then ask again." : `${capital(visibleLine(hint))}.`,
    command: isCommand ? visibleLine(hint) : "",
  };
}

/** The parts for a model that failed. */
export function modelErrorParts(trouble: ModelTrouble): ErrorParts {
  const [happened, remedy, command] = MODEL_ERRORS[trouble.class](nameOf(trouble), trouble);
  if (trouble.words === 0) return { happened, kept: KEPT, remedy, command };
  const words = trouble.words === 1 ? "1 word" : `${trouble.words} words`;
  const why = trouble.class === "cut_stream" ? "" : ` ${happened}`;
  return {
    happened: `The model stopped answering after ${words}.${why}`,
    kept: "They are kept.",
    remedy,
    command,
  };
}

/** One text of the parts, for a chat app. */
export function partsAsText({ happened, kept, remedy, command }: ErrorParts): string {
  return [happened, kept, remedy, command === "" ? "" : `\`${command}\``]
    .filter((part) => part !== "")
    .join(" ");
}

/** Words as a person counts them. */
export function wordsIn(text: string): number {
  const trimmed = text.trim();
  return trimmed === "" ? 0 : trimmed.split(/\s+/).length;
}

function nameOf({ provider, where }: ModelTrouble): string {
  if (provider === "") return "The model";
  return where === "" ? provider : where === "this computer" ? `${provider} on this computer` : where;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

type Sentences = readonly [happened: string, remedy: string, command: string];

const again = "Try again in a moment.";
const MODEL_ERRORS = {
  auth: (name, { provider, status }) => [
    `Key refused by ${name}${status === 0 ? "" : ` (${status})`}. Nothing was sent elsewhere.`,
    "Give it a key that is valid.",
    `wirken credentials rotate ${provider}`,
  ],
  rate_limited: (name, { retryAfterMs }) => [
    `${name} takes no more requests at the moment.`,
    retryAfterMs > 0 ? `It asks to wait ${spanOf(retryAfterMs)}. Then try again.` : again,
    "",
  ],
  overloaded: (name) => [`${name} is overloaded.`, again, ""],
  bad_request: (name) => [`${name} did not understand the request.`, "Choose another model.", "wirken setup"],
  context_too_long: () => [
    "The conversation is longer than the model can read.",
    "Begin a new one with /new.",
    "",
  ],
  not_found: (name) => [`${name} does not have this model.`, "Choose another model.", "wirken setup"],
  network: (name) => [
    `${name} could not be reached.`,
    "See whether it runs and the network is there, then try again.",
    "wirken doctor",
  ],
  timeout: (name) => [`${name} did not answer in time.`, again, ""],
  cut_stream: () => ["The model stopped before it had said anything.", "Try again.", ""],
  protocol: (name) => [
    `${name} answered in a form that is not its own.`,
    "Check the base URL.",
    "wirken setup",
  ],
  too_large: () => ["The model's answer was larger than allowed.", "Ask for less at a time.", ""],
  server: (name, { status }) => [
    `${name} had an error of its own${status === 0 ? "" : ` (${status})`}.`,
    again,
    "",
  ],
} as const satisfies Record<LlmErrorClass, (name: string, trouble: ModelTrouble) => Sentences>;

/** A span as a person says it. */
function spanOf(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
