import { expect, test } from "bun:test";
import fc from "fast-check";
import { LIMITS } from "#contracts/limits.ts";
import { anthropicDecoder } from "./anthropic.ts";
import type { StreamDecoder } from "./exchange.ts";
import type { ModelEvent } from "./model.ts";
import { ollamaDecoder } from "./ollama.ts";
import { openaiDecoder } from "./openai.ts";

const unredacted = (text: string): string => text;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const sse = (...events: readonly object[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");

/** One answer in each format: the text "Grüße 🎉", two calls, a stop. */
const OPENAI_ANSWER = `${sse(
  { choices: [{ delta: { role: "assistant", content: "" } }] },
  { choices: [{ delta: { content: "Grüße " } }] },
  { choices: [{ delta: { content: "🎉" } }] },
  {
    choices: [{ delta: { tool_calls: [{ index: 0, id: "a", function: { name: "exec", arguments: "" } }] } }],
  },
  {
    choices: [
      { delta: { tool_calls: [{ index: 1, id: "b", function: { name: "read_file", arguments: '{"pa' } }] } },
    ],
  },
  { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '{"command":"ls"}' } }] } }] },
  { choices: [{ delta: { tool_calls: [{ index: 1, function: { arguments: 'th":"é"}' } }] } }] },
  { choices: [{ delta: {}, finish_reason: "tool_calls" }] },
  { choices: [], usage: { prompt_tokens: 7, completion_tokens: 9 } },
)}data: [DONE]\n\n`;
const OLLAMA_ANSWER = [
  { message: { role: "assistant", content: "Grüße " }, done: false },
  { message: { role: "assistant", content: "🎉" }, done: false },
  {
    message: {
      content: "",
      tool_calls: [{ id: "a", function: { name: "exec", arguments: { command: "ls" } } }],
    },
  },
  {
    message: {
      content: "",
      tool_calls: [{ id: "b", function: { name: "read_file", arguments: { path: "é" } } }],
    },
  },
  { message: { content: "" }, done: true, done_reason: "stop", prompt_eval_count: 7, eval_count: 9 },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join("");
const ANTHROPIC_ANSWER = [
  { type: "message_start", message: { usage: { input_tokens: 7 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße " } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "🎉" } },
  { type: "content_block_stop", index: 0 },
  {
    type: "content_block_start",
    index: 1,
    content_block: { type: "tool_use", id: "a", name: "exec", input: {} },
  },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"command":' } },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '"ls"}' } },
  { type: "content_block_stop", index: 1 },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "b", name: "read_file", input: {} },
  },
  {
    type: "content_block_delta",
    index: 2,
    delta: { type: "input_json_delta", partial_json: '{"path":"é"}' },
  },
  { type: "content_block_stop", index: 2 },
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 9 } },
  { type: "message_stop" },
]
  .map((event) => `event: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`)
  .join("");
interface Answer {
  readonly text: string;
  readonly calls: readonly string[];
  readonly last: ModelEvent;
}
const EXPECTED: Answer = {
  text: "Grüße 🎉",
  calls: ['a exec {"command":"ls"}', 'b read_file {"path":"é"}'],
  last: { type: "done", stop: "tool_calls", usage: { inputTokens: 7, outputTokens: 9 } },
};
const FORMATS: readonly [string, string, () => StreamDecoder][] = [
  ["openai", OPENAI_ANSWER, () => openaiDecoder("x", unredacted)],
  ["ollama", OLLAMA_ANSWER, () => ollamaDecoder("x", unredacted)],
  ["anthropic", ANTHROPIC_ANSWER, () => anthropicDecoder("x", unredacted)],
];

/** What a decoder makes of pieces, up to its first end, as the exchange reads it. */
function read(decoder: StreamDecoder, pieces: readonly Uint8Array[]): Answer {
  const events: ModelEvent[] = [];
  const isEnd = ({ type }: ModelEvent): boolean => type === "done" || type === "error";
  for (const piece of pieces) {
    events.push(...decoder.push(piece));
    if (events.some(isEnd)) break;
  }
  if (!events.some(isEnd)) events.push(...decoder.end());
  const upTo = events.slice(0, events.findIndex(isEnd) + 1);
  const last = upTo.at(-1);
  if (last === undefined) throw new Error("a stream has an end");
  return {
    text: upTo.map((event) => (event.type === "text" ? event.text : "")).join(""),
    calls: upTo.flatMap((event) =>
      event.type === "call" ? [`${event.providerId} ${event.name} ${event.args}`] : [],
    ),
    last,
  };
}

test.each(FORMATS)(
  "%s decoder reads the same from one piece, every split in two, and single bytes",
  (_, answer, make) => {
    const bytes = utf8(answer);
    expect(read(make(), [bytes])).toEqual(EXPECTED);
    for (let at = 0; at <= bytes.length; at++) {
      expect(read(make(), [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(EXPECTED);
    }
    expect(
      read(
        make(),
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(EXPECTED);
  },
);

test.each(FORMATS)(
  "%s decoder calls every cut before the end a cut stream, never an answer",
  (name, answer, make) => {
    const bytes = utf8(answer);
    let cuts = 0;
    for (let at = 0; at < bytes.length; at++) {
      const { last } = read(make(), [bytes.subarray(0, at)]);
      if (last.type === "error") {
        expect(last.error.class).toBe("cut_stream");
        cuts++;
      } else {
        // Only what already said that it is over may count as whole.
        const said = {
          openai: '"finish_reason":"tool_calls"}]}\n\n',
          ollama: '"eval_count":9}',
          anthropic: "message_stop",
        };
        expect(answer.slice(0, new TextDecoder().decode(bytes.subarray(0, at)).length)).toContain(
          Object.entries(said).find(([key]) => key === name)?.[1] ?? "?",
        );
      }
    }
    expect(cuts).toBeGreaterThan(bytes.length / 2);
  },
);

test.each(FORMATS)("%s decoder survives junk, junk JSON and deep JSON without a throw", (name, _, make) => {
  const frame = (text: string): Uint8Array => utf8(name === "ollama" ? `${text}\n` : `data: ${text}\n\n`);
  const junk = [
    "null",
    "[]",
    "1",
    '"x"',
    "{}",
    '{"choices":1}',
    '{"choices":[null]}',
    '{"message":{"tool_calls":[null,1]}}',
  ];
  for (const text of [
    ...junk,
    '{"type":"content_block_stop"}',
    '{"type":"content_block_delta","index":{},"delta":1}',
  ]) {
    expect(read(make(), [frame(text)]).last.type).toBe("error");
  }
  expect(read(make(), [frame("{"), frame("}")]).last).toMatchObject({ error: { class: "protocol" } });
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  expect(read(make(), [frame(deep)]).last.type).toBe("error");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(["done", "error"]).toContain(read(make(), [bytes, frame("x"), bytes]).last.type);
    }),
    { numRuns: 100 },
  );
});

test.each(FORMATS)("%s decoder gives up on a line or event beyond the bound", (name, _, make) => {
  const open = utf8(name === "ollama" ? '{"message":{"content":"' : 'data: {"x":"');
  const block = new Uint8Array(1_048_576).fill(97);
  const pieces = [open, ...Array.from({ length: 10 }, () => block)];
  expect(read(make(), pieces).last).toMatchObject({ type: "error", error: { class: "too_large" } });
});

test("ollama decoder takes arguments that are too deep to be written again as a call without a form", () => {
  for (const depth of [100, 50_000]) {
    const args = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const line = `{"message":{"tool_calls":[{"function":{"name":"exec","arguments":${args}}}]},"done":true}\n`;
    const { calls, last } = read(ollamaDecoder("x", unredacted), [utf8(line)]);
    expect([calls.length, last.type]).toEqual([1, "done"]);
  }
});

test("openai decoder gives up on endless arguments and calls", () => {
  const piece = (index: number, size: number): Uint8Array =>
    utf8(
      sse({
        choices: [
          { delta: { tool_calls: [{ index, function: { name: "x", arguments: "y".repeat(size) } }] } },
        ],
      }),
    );
  const long = Array.from({ length: 5 }, () => piece(0, 600_000));
  expect(read(openaiDecoder("x", unredacted), long).last).toMatchObject({ error: { class: "too_large" } });
  const many = Array.from({ length: LIMITS.model_calls_max + 1 }, (_, index) => piece(index, 1));
  expect(read(openaiDecoder("x", unredacted), many).last).toMatchObject({ error: { class: "too_large" } });
});

test("openai decoder joins calls of servers that send no index", () => {
  const delta = (tool_calls: object[]): object => ({ choices: [{ delta: { tool_calls } }] });
  const stream = `${sse(
    delta([{ id: "a", function: { name: "exec", arguments: '{"command"' } }]),
    delta([{ function: { arguments: ':"ls"}' } }]),
    delta([{ id: "b", function: { name: "read_file", arguments: '{"path":"é"}' } }]),
    { choices: [{ delta: {}, finish_reason: "stop" }] },
  )}data: [DONE]\n\n`;
  expect(read(openaiDecoder("x", unredacted), [utf8(stream)])).toMatchObject({
    calls: EXPECTED.calls,
    last: { stop: "tool_calls" },
  });
});

test("decoders keep stop reasons and errors inside a stream", () => {
  const openai = (finish: string): ModelEvent =>
    read(openaiDecoder("x", unredacted), [
      utf8(`${sse({ choices: [{ delta: {}, finish_reason: finish }] })}data: [DONE]\n\n`),
    ]).last;
  for (const [said, stop] of Object.entries({
    stop: "end",
    length: "length",
    content_filter: "content_filter",
    odd: "other",
  })) {
    expect(openai(said)).toMatchObject({ stop });
  }
  const inStream = (type: string): ModelEvent =>
    read(anthropicDecoder("x", unredacted), [
      utf8(`event: error\n${sse({ type: "error", error: { type, message: "busy \u202e" } })}`),
    ]).last;
  expect(inStream("overloaded_error")).toMatchObject({
    error: { class: "overloaded", message: "x broke off: busy ⟦U+202E⟧" },
  });
  expect(inStream("rate_limit_error")).toMatchObject({ error: { class: "rate_limited" } });
  for (const decoder of [openaiDecoder, ollamaDecoder, anthropicDecoder]) {
    const quoting = `${"x".repeat(290)} sk-quoted-key`;
    const error = { error: { type: "auth", message: quoting } };
    const text =
      decoder === ollamaDecoder
        ? `${JSON.stringify({ error: quoting })}\n`
        : sse({ type: "error", ...error });
    const redact = (shown: string): string => shown.replaceAll("sk-quoted-key", "[secret]");
    const last = read(decoder("x", redact), [
      utf8(`event: error\n`.repeat(decoder === anthropicDecoder ? 1 : 0) + text),
    ]).last;
    expect(last.type).toBe("error");
    expect(JSON.stringify(last)).not.toContain("sk-");
  }
  expect(read(ollamaDecoder("x", unredacted), [utf8('{"error":"no"}\n')]).last).toMatchObject({
    error: { class: "server" },
  });
});
