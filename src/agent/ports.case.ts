/**
 * The turn's ports in memory, for tests: a journal that keeps its entries, a guard with an answer per tool.
 */
import type { ModelCall } from "#contracts/conversation.ts";
import { newCallId } from "#contracts/ids.ts";
import { ok } from "#contracts/result.ts";
import { fixedRandom } from "#runtime/random.ts";
import type { Model, ModelEvent, ModelRequest } from "./models/model.ts";
import { tokensByBytes } from "./models/model.ts";
import type { AgentEvent, CallResult, TurnJournal, TurnPorts } from "./ports.ts";

export interface MemoryPorts extends TurnPorts {
  /**
   * What happened, in order: `request`, `response end`, `assistant text`, `act name`, `refuse name why`, …
   */
  readonly entries: string[];
  readonly events: AgentEvent[];
  readonly requests: Parameters<TurnJournal["request"]>[0][];
}

export type Answerer = (call: ModelCall, seq: number) => CallResult;

/** Ports over a model; `answer` is what the guard gives back for a call. */
export function memoryPorts(model: Model, answer: Answerer = plainAnswer): MemoryPorts {
  const entries: string[] = [];
  const events: AgentEvent[] = [];
  const requests: MemoryPorts["requests"] = [];
  const random = fixedRandom(11);
  let seq = 100;
  const note = async (entry: string): Promise<number> => {
    entries.push(entry);
    return ++seq;
  };
  return {
    model,
    entries,
    events,
    requests,
    emit: (event) => {
      events.push(event);
    },
    newCallId: () => newCallId((count) => random.bytes(count)),
    journal: {
      request: async (record) => {
        requests.push(record);
        return ok(await note("request"));
      },
      response: async ({ stop }) => {
        await note(`response ${stop}`);
      },
      error: async (_, error) => {
        await note(`error ${error.class}`);
      },
      assistant: ({ text, calls }) => note(`assistant ${JSON.stringify(text)} ${calls.length}`),
    },
    guard: {
      act: async (call) => answer(call, await note(`act ${call.name}`)),
      refuse: async (calls, because) => {
        const results: CallResult[] = [];
        for (const call of calls) {
          results.push({ kind: "result", seq: await note(`refuse ${call.name} ${because}`), text: because });
        }
        return results;
      },
    },
  };
}

/** A model that plays one list of events per request and keeps what it was asked. */
export function scriptedModel(
  rounds: readonly (readonly ModelEvent[])[],
  more: Partial<Pick<Model, "contextTokens" | "answerTokens">> = {},
): Model & { readonly asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  let round = 0;
  return {
    provider: "scripted",
    model: "test",
    where: "a test",
    contextTokens: 100_000,
    answerTokens: 1_000,
    ...more,
    asked,
    estimateTokens: tokensByBytes,
    prepare: (request) => {
      asked.push(request);
      return { body: new TextEncoder().encode(JSON.stringify(request)), mapper: "scripted/1" };
    },
    stream: async function* () {
      yield* rounds[round++] ?? [];
    },
  };
}

const plainAnswer: Answerer = (call, seq) => ({ kind: "result", seq, text: `result of ${call.name}` });
