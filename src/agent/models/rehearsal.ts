/**
 * The rehearsal provider: a script, not a model, and it says so. It answers plain talk with help and turns
 * a few simple sentences into real tool calls, so that the whole way (ask, approve, perform, record) can be
 * walked with no account. Everything it knows stands in this file and in rehearsal-script.ts; it never
 * opens a connection.
 */
import type { Clock } from "#runtime/clock.ts";
import type { Model, ModelEvent, ModelRequest, PreparedRequest } from "./model.ts";
import { tokensByBytes } from "./model.ts";
import { type ScriptStep, nextStep } from "./rehearsal-script.ts";

/** Characters of one streamed piece, and the pause after it in milliseconds: fast enough to read along. */
const PIECE_CHARS = 24;
const PIECE_MS = 4;

/** The scripted model. `clock` paces its streaming: `pieceMs` between two pieces, 0 for no pause. */
export function rehearsalModel(clock: Clock, pieceMs = PIECE_MS): Model {
  const steps = new WeakMap<PreparedRequest, ScriptStep>();
  return {
    provider: "rehearsal",
    model: "script",
    where: "a script, not a model",
    contextTokens: 32_768,
    answerTokens: 2_048,
    estimateTokens: tokensByBytes,
    prepare: (request) => {
      const prepared = { body: bodyOf(request), mapper: "rehearsal/1" };
      steps.set(prepared, nextStep(request));
      return prepared;
    },
    stream: (prepared, signal) => {
      const step = steps.get(prepared);
      if (step === undefined) throw new Error("stream takes a request that this model prepared");
      return events(step, () => (pieceMs === 0 ? undefined : clock.sleep(pieceMs)), signal);
    },
  };
}

async function* events(
  step: ScriptStep,
  pause: () => Promise<void> | undefined,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const characters = Array.from(step.text);
  for (let at = 0; at < characters.length; at += PIECE_CHARS) {
    if (signal.aborted) return;
    yield { type: "text", text: characters.slice(at, at + PIECE_CHARS).join("") };
    await pause();
  }
  if (step.call !== undefined) {
    const { name, args } = step.call;
    yield { type: "call", providerId: "", name, args: JSON.stringify(args) };
  }
  const usage = { inputTokens: 0, outputTokens: 0 };
  yield { type: "done", stop: step.call === undefined ? "end" : "tool_calls", usage };
}

function bodyOf({ system, messages }: ModelRequest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ script: "rehearsal/1", system, messages }));
}
