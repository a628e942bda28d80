/**
 * Reads a model's stream to its end: text goes out as it comes, calls are kept, bounds hold whatever the
 * provider sends. Surrogate pairs that were split between two pieces are joined before anybody sees them;
 * lone ones become U+FFFD.
 */
import type { StopReason } from "#contracts/conversation.ts";
import { LIMITS } from "#contracts/limits.ts";
import { utf8Length } from "#contracts/visible.ts";
import { type LlmError, type ModelEvent, type Usage, llmError } from "./models/model.ts";
import type { AgentEvent } from "./ports.ts";

export interface Collected {
  readonly text: string;
  readonly calls: readonly { readonly providerId: string; readonly name: string; readonly args: string }[];
  readonly stop: StopReason;
  readonly usage: Usage;
  readonly error: LlmError | undefined;
}

const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 };

/**
 * Collects a stream. An aborted signal ends it with the stop reason `cancelled`, whatever the stream says.
 */
export async function collect(
  events: AsyncIterable<ModelEvent>,
  emit: (event: AgentEvent) => void,
  signal: AbortSignal,
): Promise<Collected> {
  const text = textSink(emit);
  const calls: { providerId: string; name: string; args: string }[] = [];
  let bytes = 0;
  const end = (stop: StopReason, usage: Usage, error?: LlmError): Collected => {
    if (signal.aborted) return { text: text.finish(), calls: [], stop: "cancelled", usage, error: undefined };
    return { text: text.finish(), calls: error === undefined ? calls : [], stop, usage, error };
  };
  for await (const event of events) {
    if (signal.aborted) return end("cancelled", NO_USAGE);
    switch (event.type) {
      case "text":
        bytes += utf8Length(event.text);
        if (bytes > LIMITS.model_response_bytes_max) return end("other", NO_USAGE, TOO_LARGE);
        text.add(event.text);
        break;
      case "call":
        bytes += utf8Length(event.name) + utf8Length(event.args);
        if (bytes > LIMITS.model_response_bytes_max) return end("other", NO_USAGE, TOO_LARGE);
        if (calls.length === LIMITS.model_calls_max) return end("other", NO_USAGE, TOO_MANY);
        calls.push({
          providerId: event.providerId.toWellFormed().slice(0, 256),
          name: event.name.toWellFormed().slice(0, 256),
          args: event.args.toWellFormed(),
        });
        break;
      case "waiting":
        emit(event);
        break;
      case "done":
        return end(event.stop, event.usage);
      case "error":
        return end("other", NO_USAGE, event.error);
    }
  }
  return end("other", NO_USAGE, llmError("cut_stream", "the answer broke off"));
}

const TOO_LARGE = llmError("too_large", "the answer is longer than this program takes");
const TOO_MANY = llmError("too_large", "the answer holds more calls than this program takes");

/** Gathers text; keeps back a high surrogate until its other half has come. */
function textSink(emit: (event: AgentEvent) => void): { add(piece: string): void; finish(): string } {
  const pieces: string[] = [];
  let held = "";
  const out = (piece: string): void => {
    if (piece === "") return;
    pieces.push(piece);
    emit({ type: "text_delta", text: piece });
  };
  return {
    add: (piece) => {
      const whole = held + piece;
      held = /[\ud800-\udbff]$/.test(whole) ? whole.slice(-1) : "";
      out(whole.slice(0, whole.length - held.length).toWellFormed());
    },
    finish: () => {
      out(held.toWellFormed());
      held = "";
      return pieces.join("");
    },
  };
}
