/** The conversation between people, model and tools as the agent sees it: rebuilt from the log at every wake. */
import type { CallId } from "./ids.ts";
import type { JsonObject } from "./json.ts";

/** A message with the row it stands in (`seq`), so that a request can be hashed by reference. */
export type ModelMessage =
  | { readonly role: "user"; readonly seq: number; readonly text: string }
  | {
      readonly role: "assistant";
      readonly seq: number;
      readonly text: string;
      readonly calls: readonly ModelCall[];
    }
  | {
      readonly role: "tool";
      readonly seq: number;
      readonly call: CallId;
      readonly name: string;
      readonly text: string;
    };

/** A call that the model proposed. `id` is ours; `providerId` is what the provider's API needs to see again. */
export interface ModelCall {
  readonly id: CallId;
  readonly providerId: string;
  readonly name: string;
  /** The model's arguments as JSON text, exactly as it sent them. */
  readonly args: string;
}

/** A tool as the model is told about it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
}

export const STOP_REASONS = ["end", "tool_calls", "length", "content_filter", "cancelled", "other"] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export const LLM_ERROR_CLASSES = [
  "auth",
  "rate_limited",
  "overloaded",
  "bad_request",
  "context_too_long",
  "not_found",
  "network",
  "timeout",
  "cut_stream",
  "protocol",
  "too_large",
  "server",
] as const;
export type LlmErrorClass = (typeof LLM_ERROR_CLASSES)[number];
