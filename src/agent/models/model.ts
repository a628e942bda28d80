/**
 * The port to a language model, and what every provider has in common. A request is prepared first (the
 * exact bytes, so that they can be hashed and recorded), then sent. What an outsider can cause arrives as
 * the last event, never as a throw: a stream ends with exactly one `done` or `error`; one that ends without
 * is a bug of the provider's module.
 */
import type { LlmErrorClass, ModelMessage, StopReason, ToolSpec } from "#contracts/conversation.ts";

export interface ModelRequest {
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolSpec[];
}

/** A request whose bytes are final. */
export interface PreparedRequest {
  /** The exact body. */
  readonly body: Uint8Array;
  /** Name and version of what mapped the messages to the body: `openai-chat/1`. */
  readonly mapper: string;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A failed request. The sentence holds no secret; outside text in it is capped and visible. */
export interface LlmError {
  readonly class: LlmErrorClass;
  /** HTTP status, 0 where there was none. */
  readonly status: number;
  /** What the provider asked us to wait, in milliseconds; -1 where it did not say. */
  readonly retryAfterMs: number;
  readonly message: string;
  /** How often the request was sent. */
  readonly attempts: number;
}

export type ModelEvent =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "call";
      readonly providerId: string;
      readonly name: string;
      /** JSON text exactly as the model sent it; it need not parse. */
      readonly args: string;
    }
  | {
      readonly type: "waiting";
      readonly class: LlmErrorClass;
      readonly waitMs: number;
      readonly attempt: number;
    }
  | { readonly type: "done"; readonly stop: StopReason; readonly usage: Usage }
  | { readonly type: "error"; readonly error: LlmError };

export interface Model {
  readonly provider: string;
  readonly model: string;
  /** "this computer", "api.anthropic.com", "a script, not a model". */
  readonly where: string;
  readonly contextTokens: number;
  readonly answerTokens: number;
  /** An estimate of the tokens of a text. */
  estimateTokens(text: string): number;
  prepare(request: ModelRequest): PreparedRequest;
  stream(prepared: PreparedRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

/** Builds an error with the members that are usual. */
export function llmError(
  errorClass: LlmErrorClass,
  message: string,
  more: { readonly status?: number; readonly retryAfterMs?: number } = {},
): LlmError {
  return {
    class: errorClass,
    message,
    status: more.status ?? 0,
    retryAfterMs: more.retryAfterMs ?? -1,
    attempts: 1,
  };
}

/**
 * Tokens of a text by its UTF-8 size: 3.5 bytes a token. English runs at about 4, code at about 3.3, other
 * scripts at 2 to 4 bytes a token, so the budget errs by some percent either way; providers refuse what is
 * really too long.
 */
export function tokensByBytes(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3.5);
}
