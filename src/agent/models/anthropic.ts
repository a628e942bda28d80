/**
 * Anthropic's messages interface with streaming: `POST {base}/v1/messages`, named server-sent events,
 * content in blocks, a tool's input as pieces of JSON text.
 */
import type { ModelMessage, StopReason } from "#contracts/conversation.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { StreamDecoder } from "./exchange.ts";
import { at, countAt, parsedJson, textAt } from "./json-path.ts";
import { type Redact, errorInStream } from "./llm-status.ts";
import { type ModelEvent, type ModelRequest, llmError } from "./model.ts";
import { type SseEvent, sseParser } from "./sse.ts";
import { argsObject, bodyBytes, wireId, wireIds } from "./wire.ts";

export const ANTHROPIC_MAPPER = "anthropic-messages/1";
export const ANTHROPIC_HEADERS = { "anthropic-version": "2023-06-01" } as const;

/** The exact body of a request. `max_tokens` is required by the interface. */
export function anthropicBody(model: string, request: ModelRequest, answerTokens: number): Uint8Array {
  return bodyBytes({
    model,
    max_tokens: answerTokens,
    system: request.system,
    messages: wireMessages(request.messages),
    ...(request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, parameters }) => ({
            name,
            description,
            input_schema: parameters,
          })),
        }),
    stream: true,
  });
}

/** A decoder of one answer. */
export function anthropicDecoder(where: string, redact: Redact): StreamDecoder {
  const parser = sseParser(LIMITS.model_response_bytes_max);
  const blocks = new Map<unknown, { id: string; name: string; args: string[] }>();
  let bytes = 0;
  let stop: StopReason | undefined;
  let usage = { inputTokens: 0, outputTokens: 0 };
  const failed = (error: ReturnType<typeof llmError>): readonly ModelEvent[] => [{ type: "error", error }];
  const delta = (value: unknown): readonly ModelEvent[] => {
    const text = textAt(value, "delta", "text");
    if (textAt(value, "delta", "type") === "text_delta" && text !== "") return [{ type: "text", text }];
    const piece = textAt(value, "delta", "partial_json");
    const block = blocks.get(at(value, "index"));
    if (block === undefined || piece === "") return [];
    bytes += piece.length;
    if (bytes > LIMITS.model_response_bytes_max) return failed(TOO_LARGE);
    block.args.push(piece);
    return [];
  };
  const start = (value: unknown): readonly ModelEvent[] => {
    if (textAt(value, "content_block", "type") !== "tool_use") {
      const text = textAt(value, "content_block", "text");
      return text === "" ? [] : [{ type: "text", text }];
    }
    const id = textAt(value, "content_block", "id");
    const name = textAt(value, "content_block", "name");
    blocks.set(at(value, "index"), { id, name, args: [] });
    return blocks.size > LIMITS.model_calls_max ? failed(TOO_LARGE) : [];
  };
  const finish = (value: unknown): readonly ModelEvent[] => {
    const index = at(value, "index");
    const block = blocks.get(index);
    if (block === undefined) return [];
    blocks.delete(index);
    const args = block.args.join("") || "{}";
    return [{ type: "call", providerId: block.id, name: block.name, args }];
  };
  const take = ({ event, data }: SseEvent): readonly ModelEvent[] => {
    const value = parsedJson(data);
    if (value === undefined) return failed(llmError("protocol", `${where} sent an event that is not JSON`));
    switch (textAt(value, "type") || event) {
      case "message_start":
        usage = { ...usage, inputTokens: countAt(value, "message", "usage", "input_tokens") };
        return [];
      case "content_block_start":
        return start(value);
      case "content_block_delta":
        return delta(value);
      case "content_block_stop":
        return finish(value);
      case "message_delta": {
        const reason = textAt(value, "delta", "stop_reason");
        if (reason !== "") stop = stopOf(reason);
        usage = { ...usage, outputTokens: countAt(value, "usage", "output_tokens") };
        return [];
      }
      case "message_stop":
        // A block that was never closed is not whole, whatever the stop reason says.
        if (blocks.size > 0) return failed(llmError("cut_stream", `the answer of ${where} broke off`));
        return [{ type: "done", stop: stop ?? "other", usage }];
      case "error":
        return failed(errorInStream(value, where, redact));
      default:
        return []; // ping, and kinds that a later version of the interface adds
    }
  };
  return {
    push: (pieces) => {
      const events = parser.push(pieces);
      return events === undefined ? failed(TOO_LARGE) : events.flatMap(take);
    },
    end: () => failed(llmError("cut_stream", `the answer of ${where} broke off`)),
  };
}

const TOO_LARGE = llmError("too_large", "the answer is longer than this program takes");

/** Roles alternate: results of calls and the person's next words are one user message, results first. */
function wireMessages(messages: readonly ModelMessage[]): readonly unknown[] {
  const ids = wireIds(messages);
  const wire: { role: "user" | "assistant"; content: unknown[] }[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = blocksOf(message, ids);
    const last = wire.at(-1);
    if (last?.role === role) last.content.push(...content);
    else wire.push({ role, content: [...content] });
  }
  return wire.filter(({ content }) => content.length > 0);
}

function blocksOf(message: ModelMessage, ids: ReturnType<typeof wireIds>): readonly unknown[] {
  // Blocks of empty text are refused by the interface.
  const text = message.text.trim() === "" ? [] : [{ type: "text", text: message.text }];
  switch (message.role) {
    case "user":
      return text.length > 0 ? text : [{ type: "text", text: "(no text)" }];
    case "tool":
      return [{ type: "tool_result", tool_use_id: wireId(ids, message.call), content: message.text }];
    case "assistant":
      return [
        ...text,
        ...message.calls.map((call) => ({
          type: "tool_use",
          id: wireId(ids, call.id),
          name: call.name,
          input: argsObject(call),
        })),
      ];
  }
}

function stopOf(reason: string): StopReason {
  if (reason === "end_turn" || reason === "stop_sequence") return "end";
  if (reason === "tool_use") return "tool_calls";
  if (reason === "max_tokens" || reason === "model_context_window_exceeded") return "length";
  return reason === "refusal" ? "content_filter" : "other";
}
