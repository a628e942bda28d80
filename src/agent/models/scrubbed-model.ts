/**
 * A model whose answers are freed of the secrets that this process holds, before anybody sees, records or acts upon
 * them: a provider may quote its key in an answer as in a refusal. Words are late only by what could be a secret's
 * beginning.
 */
import { type Scrubbed, type Scrubber } from "#contracts/scrubber.ts";
import type { Model, ModelEvent } from "./model.ts";

/**
 * Wraps `model`. `onFound` is told once a stream, before its last event, what was taken out of it; nothing was: never.
 */
export function scrubbedModel(
  model: Model,
  scrubber: Scrubber,
  onFound: (found: ReadonlyMap<string, number>) => Promise<void>,
): Model {
  return {
    ...model,
    stream: (prepared, signal) => scrubbed(model.stream(prepared, signal), scrubber, onFound),
  };
}

async function* scrubbed(
  events: AsyncIterable<ModelEvent>,
  scrubber: Scrubber,
  onFound: (found: ReadonlyMap<string, number>) => Promise<void>,
): AsyncGenerator<ModelEvent> {
  const found: Scrubbed = new Map();
  const words = scrubber.stream(found);
  const report = async (): Promise<void> => {
    if (found.size === 0) return;
    await onFound(new Map(found));
    found.clear();
  };
  const rest = (): readonly ModelEvent[] => {
    const text = words.end();
    return text === "" ? [] : [{ type: "text", text }];
  };
  try {
    for await (const event of events) {
      switch (event.type) {
        case "text": {
          const text = words.push(event.text);
          if (text !== "") yield { type: "text", text };
          break;
        }
        case "call":
          yield { type: "call", ...scrubbedCall(event, scrubber, found) };
          break;
        case "waiting":
          yield event;
          break;
        case "done":
          yield* rest();
          await report();
          yield event;
          break;
        case "error": {
          yield* rest();
          const message = scrubber.text(event.error.message, found);
          await report();
          yield { type: "error", error: { ...event.error, message } };
          break;
        }
      }
    }
  } finally {
    await report(); // a stream that nobody read to its end, or that ended without a last event
  }
}

function scrubbedCall(
  { providerId, name, args }: Extract<ModelEvent, { type: "call" }>,
  scrubber: Scrubber,
  found: Scrubbed,
) {
  return {
    providerId: scrubber.text(providerId, found),
    name: scrubber.text(name, found),
    args: scrubber.jsonText(args, found),
  };
}
