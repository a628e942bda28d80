/**
 * Ollama's own interface: `POST {base}/api/chat` with newline-delimited JSON that ends with `done: true`, and
 * `GET {base}/api/tags`, the models that are there.
 */
import type { ModelMessage, StopReason } from "#contracts/conversation.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Fetch, StreamDecoder } from "./exchange.ts";
import { at, countAt, listAt, parsedJson, textAt, writtenJson } from "./json-path.ts";
import { lineSplitter } from "./lines.ts";
import { type Redact, errorInStream } from "./llm-status.ts";
import { type ModelEvent, type ModelRequest, llmError } from "./model.ts";
import { argsObject, bodyBytes } from "./wire.ts";

export const OLLAMA_MAPPER = "ollama-chat/1";
const FOUND_MS_MAX = 1_500;
const MODELS_MAX = 200;
const LINE_FEED = new Uint8Array([10]);

/**
 * The exact body. The window is said: left out, Ollama cuts the front of a long conversation without a
 * word.
 */
export function ollamaBody(
  model: string,
  request: ModelRequest,
  tokens: { readonly context: number; readonly answer: number | undefined },
): Uint8Array {
  return bodyBytes({
    model,
    messages: [{ role: "system", content: request.system }, ...request.messages.map(wireMessage)],
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(wireTool) }),
    stream: true,
    options: {
      num_ctx: tokens.context,
      ...(tokens.answer === undefined ? {} : { num_predict: tokens.answer }),
    },
  });
}

/** A decoder of one answer. */
export function ollamaDecoder(where: string, redact: Redact): StreamDecoder {
  const splitter = lineSplitter(LIMITS.model_response_bytes_max);
  let called = false;
  const take = (line: string): readonly ModelEvent[] => {
    const value = parsedJson(line);
    if (value === undefined) {
      return [{ type: "error", error: llmError("protocol", `${where} sent a line that is not JSON`) }];
    }
    if (at(value, "error") !== undefined)
      return [{ type: "error", error: errorInStream(value, where, redact) }];
    const events: ModelEvent[] = [];
    const text = textAt(value, "message", "content");
    if (text !== "") events.push({ type: "text", text });
    for (const call of listAt(value, "message", "tool_calls")) {
      called = true;
      // What cannot be written again is handed on as text that is no JSON: the dispatcher classes it as unknown.
      const args = writtenJson(at(call, "function", "arguments") ?? {}) ?? "arguments nested too deeply";
      events.push({
        type: "call",
        providerId: textAt(call, "id"),
        name: textAt(call, "function", "name"),
        args,
      });
    }
    if (at(value, "done") === true) {
      const usage = {
        inputTokens: countAt(value, "prompt_eval_count"),
        outputTokens: countAt(value, "eval_count"),
      };
      events.push({ type: "done", stop: stopOf(textAt(value, "done_reason"), called), usage });
    }
    return events;
  };
  return {
    push: (bytes) => {
      const lines = splitter.push(bytes);
      if (lines === undefined) {
        return [
          { type: "error", error: llmError("too_large", "the answer is longer than this program takes") },
        ];
      }
      return lines.filter((line) => line.trim() !== "").flatMap(take);
    },
    end: () => {
      // The last line may lack its line feed; it counts only if it says that the answer is done.
      const events = (splitter.push(LINE_FEED) ?? []).filter((line) => line.trim() !== "").flatMap(take);
      if (events.at(-1)?.type === "done") return events;
      return [{ type: "error", error: llmError("cut_stream", `the answer of ${where} broke off`) }];
    },
  };
}

/**
 * Names of the models that an Ollama has, in its own order; fails quickly when none answers.
 * @param base base URL, https or loopback; checked by the caller
 */
export async function ollamaModels(
  base: string,
  { fetch, clock }: { readonly fetch: Fetch; readonly clock: Clock },
): Promise<Result<readonly string[], "unreachable" | "not_ollama">> {
  const limit = new AbortController();
  const stop = clock.after(FOUND_MS_MAX, () => limit.abort());
  try {
    const url = `${base.replace(/\/+$/, "")}/api/tags`;
    const response = await fetch(url, { redirect: "manual", signal: limit.signal });
    const value = parsedJson(await response.text());
    if (response.status !== 200 || !Array.isArray(at(value, "models"))) return err("not_ollama");
    const names = listAt(value, "models").map((model) => textAt(model, "name"));
    return ok(names.filter((name) => /^[\w.:/-]{1,128}$/.test(name)).slice(0, MODELS_MAX));
  } catch {
    return err("unreachable"); // fetch rejects for whatever the network does, and at the limit
  } finally {
    stop();
  }
}

function wireMessage(message: ModelMessage): unknown {
  switch (message.role) {
    case "user":
      return { role: "user", content: message.text };
    case "tool":
      return { role: "tool", tool_name: message.name, content: message.text };
    case "assistant":
      return {
        role: "assistant",
        content: message.text,
        ...(message.calls.length === 0
          ? {}
          : {
              tool_calls: message.calls.map((call) => ({
                function: { name: call.name, arguments: argsObject(call) },
              })),
            }),
      };
  }
}

function wireTool({ name, description, parameters }: ModelRequest["tools"][number]): unknown {
  return { type: "function", function: { name, description, parameters } };
}

function stopOf(reason: string, called: boolean): StopReason {
  if (reason === "length") return "length";
  if (called) return "tool_calls";
  return reason === "stop" || reason === "" ? "end" : "other";
}
