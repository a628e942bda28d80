/**
 * Any endpoint that speaks OpenAI's chat completions with streaming: `POST {base}/chat/completions`,
 * server-sent events that end with `[DONE]`, tool calls in pieces by index.
 */
import type { ModelMessage, StopReason } from "#contracts/conversation.ts";
import type { CallId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { StreamDecoder } from "./exchange.ts";
import { at, countAt, listAt, parsedJson, textAt } from "./json-path.ts";
import { type Redact, errorInStream } from "./llm-status.ts";
import { type ModelEvent, type ModelRequest, llmError } from "./model.ts";
import { sseParser } from "./sse.ts";
import { bodyBytes, wireId, wireIds } from "./wire.ts";

export const OPENAI_MAPPER = "openai-chat/1";

/** The exact body of a request. */
export function openaiBody(
  model: string,
  request: ModelRequest,
  answerTokens: number | undefined,
): Uint8Array {
  const ids = wireIds(request.messages);
  return bodyBytes({
    model,
    messages: [
      { role: "system", content: request.system },
      ...request.messages.map((m) => wireMessage(m, ids)),
    ],
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(wireTool) }),
    ...(answerTokens === undefined ? {} : { max_tokens: answerTokens }),
    stream: true,
    stream_options: { include_usage: true },
  });
}

/** A decoder of one answer. */
export function openaiDecoder(where: string, redact: Redact): StreamDecoder {
  const parser = sseParser(LIMITS.model_response_bytes_max);
  const calls = callPieces();
  let stop: StopReason | undefined;
  let usage = { inputTokens: 0, outputTokens: 0 };
  const finished = (reason: StopReason): readonly ModelEvent[] => [
    ...calls.whole(),
    { type: "done", stop: calls.size > 0 && reason === "end" ? "tool_calls" : reason, usage },
  ];
  const take = (data: string): readonly ModelEvent[] => {
    if (data === "[DONE]") return finished(stop ?? "other");
    const value = parsedJson(data);
    if (value === undefined) {
      return [{ type: "error", error: llmError("protocol", `${where} sent an event that is not JSON`) }];
    }
    const problem = at(value, "error");
    if (problem !== undefined && problem !== null)
      return [{ type: "error", error: errorInStream(value, where, redact) }];
    const input = countAt(value, "usage", "prompt_tokens");
    const output = countAt(value, "usage", "completion_tokens");
    if (input + output > 0) usage = { inputTokens: input, outputTokens: output };
    const reason = textAt(value, "choices", 0, "finish_reason");
    if (reason !== "") stop = stopOf(reason);
    for (const piece of listAt(value, "choices", 0, "delta", "tool_calls")) {
      if (!calls.add(piece)) return [TOO_LARGE];
    }
    const text = textAt(value, "choices", 0, "delta", "content");
    return text === "" ? [] : [{ type: "text", text }];
  };
  return {
    push: (bytes) => {
      const events = parser.push(bytes);
      return events === undefined ? [TOO_LARGE] : events.flatMap(({ data }) => take(data));
    },
    end: () => {
      // Some servers leave `[DONE]` out; the finish reason is the end of an answer, its absence a cut.
      const cut = llmError("cut_stream", `the answer of ${where} broke off`);
      return stop === undefined ? [{ type: "error", error: cut }] : finished(stop);
    },
  };
}

const TOO_LARGE: ModelEvent = {
  type: "error",
  error: llmError("too_large", "the answer is longer than this program takes"),
};

function wireMessage(message: ModelMessage, ids: ReadonlyMap<CallId, string>): unknown {
  switch (message.role) {
    case "user":
      return { role: "user", content: message.text };
    case "tool":
      return { role: "tool", tool_call_id: wireId(ids, message.call), content: message.text };
    case "assistant":
      if (message.calls.length === 0) return { role: "assistant", content: message.text };
      return {
        role: "assistant",
        content: message.text === "" ? null : message.text,
        tool_calls: message.calls.map(({ id, name, args }) => ({
          id: wireId(ids, id),
          type: "function",
          function: { name, arguments: args },
        })),
      };
  }
}

function wireTool({ name, description, parameters }: ModelRequest["tools"][number]): unknown {
  return { type: "function", function: { name, description, parameters } };
}

function stopOf(reason: string): StopReason {
  if (reason === "stop") return "end";
  if (reason === "tool_calls" || reason === "function_call") return "tool_calls";
  return reason === "length" || reason === "content_filter" ? reason : "other";
}

interface CallPieces {
  add(piece: unknown): boolean;
  whole(): readonly ModelEvent[];
  readonly size: number;
}

/** Joins a call's pieces. They carry an index; servers that leave it out begin each call with its id. */
function callPieces(): CallPieces {
  const byIndex = new Map<number, { id: string; name: string; args: string[] }>();
  let last = -1;
  let bytes = 0;
  return {
    add: (piece) => {
      const given = at(piece, "index");
      const id = textAt(piece, "id");
      const fresh = id !== "" && byIndex.get(last)?.id !== id;
      const index = typeof given === "number" ? given : fresh || last < 0 ? last + 1 : last;
      const call = byIndex.get(index) ?? { id: "", name: "", args: [] };
      if (call.id === "") call.id = id;
      if (call.name === "") call.name = textAt(piece, "function", "name");
      const args = textAt(piece, "function", "arguments");
      call.args.push(args);
      byIndex.set(index, call);
      last = index;
      bytes += args.length;
      return bytes <= LIMITS.model_response_bytes_max && byIndex.size <= LIMITS.model_calls_max;
    },
    whole: () =>
      [...byIndex].map(([, { id, name, args }]) => ({
        type: "call",
        providerId: id,
        name,
        args: args.join("") || "{}",
      })),
    get size() {
      return byIndex.size;
    },
  };
}
