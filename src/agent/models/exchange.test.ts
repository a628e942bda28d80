import { afterAll, expect, test } from "bun:test";
import type { ModelChoice } from "#contracts/config.ts";
import type { ModelMessage, ToolSpec } from "#contracts/conversation.ts";
import { newCallId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import { Scrubber } from "#contracts/scrubber.ts";
import { SecretString } from "#contracts/secret.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { buildModel, whereOf } from "./catalog.ts";
import type { Model, ModelEvent, ModelRequest } from "./model.ts";
import { ollamaModels } from "./ollama.ts";

const KEY = "sk-canary-1234567890";
const scrubber = new Scrubber([{ name: "key", secret: SecretString.take(new TextEncoder().encode(KEY)) }]);
const redact = (text: string): string => scrubber.text(text, new Map());
type Handler = (request: Request) => Response | Promise<Response>;
let handler: Handler = () => new Response("none", { status: 500 });
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => handler(request) });
afterAll(() => server.stop(true));
const base = `http://127.0.0.1:${String(server.port)}`;

/** The system's clock, whose waits end at once and are kept. */
function hurriedClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    ...systemClock,
    waits,
    sleep: async (ms) => {
      waits.push(ms);
    },
  };
}

function model(provider: ModelChoice["provider"], clock: Clock = hurriedClock(), origins = [base]): Model {
  const secret = SecretString.take(new TextEncoder().encode(KEY));
  const parts = { fetch, clock, random: fixedRandom(4), key: { secret, allowedOrigins: origins }, redact };
  const built = buildModel({ provider, model: "m", base_url: base }, parts);
  if (!built.ok) throw new Error(built.error.message);
  return built.value;
}
const TOOLS: readonly ToolSpec[] = [{ name: "exec", description: "Runs", parameters: { type: "object" } }];
const ASK: ModelRequest = { system: "s", messages: [{ role: "user", seq: 1, text: "hi" }], tools: TOOLS };

async function ask(
  asked: Model,
  request = ASK,
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  return Array.fromAsync(asked.stream(asked.prepare(request), signal));
}

const WHOLE =
  'data: {"choices":[{"delta":{"content":"Grüße 🎉"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const done = { type: "done", stop: "end", usage: { inputTokens: 0, outputTokens: 0 } } as const;

/** A body that goes out byte by byte; with `cutAt` it breaks there. */
function byteByByte(text: string, cutAt = Number.POSITIVE_INFINITY): Response {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const stream = new ReadableStream({
    type: "direct",
    pull: async (controller: {
      write(bytes: Uint8Array): void;
      flush(): void;
      close(error?: Error): void;
    }) => {
      while (at < bytes.length && at < cutAt) {
        controller.write(bytes.subarray(at, ++at));
        controller.flush();
        if (at % 16 === 0) await Bun.sleep(0);
      }
      controller.close();
    },
  } as unknown as UnderlyingSource<Uint8Array>);
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

test("exchange reads an answer that comes byte by byte over a socket", async () => {
  handler = () => byteByByte(WHOLE);
  expect(await ask(model("openai"))).toEqual([{ type: "text", text: "Grüße 🎉" }, done]);
});

test("exchange ends a cut answer as an error and does not send it again", async () => {
  let requests = 0;
  handler = () => {
    requests++;
    return byteByByte(WHOLE.replace(',"finish_reason":"stop"', ""), 70);
  };
  const events = await ask(model("openai"));
  expect(events.at(-1)).toMatchObject({ type: "error", error: { class: "cut_stream", attempts: 1 } });
  expect(requests).toBe(1);
});

const STATUSES: readonly [number, string, string, number][] = [
  [400, '{"error":{"message":"bad field"}}', "bad_request", 1],
  [400, '{"error":{"message":"This model\'s maximum context length is 8192 tokens"}}', "context_too_long", 1],
  [401, `{"error":{"message":"Incorrect API key provided: ${KEY}"}}`, "auth", 1],
  [403, "", "auth", 1],
  [404, '{"error":"model not found"}', "not_found", 1],
  [408, "", "timeout", 1],
  [429, "", "rate_limited", LIMITS.model_attempts_max],
  [500, "<html>", "server", LIMITS.model_attempts_max],
  [503, "", "overloaded", LIMITS.model_attempts_max],
  [
    529,
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    "overloaded",
    LIMITS.model_attempts_max,
  ],
  [302, "", "protocol", 1],
];
test.each(STATUSES)("exchange classes %p %p as %s", async (status, body, errorClass, attempts) => {
  handler = () => new Response(body, { status, headers: { location: "http://localhost:1/" } });
  const events = await ask(model("anthropic"));
  const last = events.at(-1);
  expect(last).toMatchObject({ type: "error", error: { class: errorClass, status, attempts } });
  expect(JSON.stringify(events)).not.toContain(KEY);
  expect(events.filter(({ type }) => type === "waiting")).toHaveLength(attempts - 1);
});

test("exchange takes the key out of a provider's text", async () => {
  handler = () =>
    new Response(JSON.stringify({ error: { message: `bad header ${KEY}\u202e` } }), { status: 400 });
  const last = (await ask(model("openai"))).at(-1);
  expect(last).toMatchObject({
    error: { message: "this computer answered 400: bad header [secret]⟦U+202E⟧" },
  });
});

test("exchange waits as long as 429 says, then answers; a longer wait ends it", async () => {
  const answers = [new Response("", { status: 429, headers: { "retry-after": "7" } }), new Response(WHOLE)];
  handler = () => answers.shift() ?? new Response("", { status: 500 });
  const clock = hurriedClock();
  const events = await ask(model("openai", clock));
  expect(events.map(({ type }) => type)).toEqual(["waiting", "text", "done"]);
  expect(clock.waits[0]).toBeGreaterThanOrEqual(7_000);
  handler = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
  expect((await ask(model("openai"))).at(-1)).toMatchObject({
    error: { retryAfterMs: 3_600_000, attempts: 1 },
  });
});

test("exchange reports a host that is not there as network, after its attempts", async () => {
  const parts = { fetch, clock: hurriedClock(), random: fixedRandom(4), key: undefined, redact };
  const built = buildModel({ provider: "ollama", model: "m", base_url: "http://127.0.0.1:1" }, parts);
  if (!built.ok) throw new Error(built.error.message);
  const last = (await ask(built.value)).at(-1);
  expect(last).toMatchObject({ error: { class: "network", attempts: LIMITS.model_attempts_max } });
});

test("exchange ends after too long a silence", async () => {
  handler = () => new Promise(() => undefined);
  const clock: Clock = { ...systemClock, after: (_, fn) => systemClock.after(20, fn) };
  expect((await ask(model("openai", clock))).at(-1)).toMatchObject({ error: { class: "timeout" } });
});

test("exchange stops at once when its signal does, with no event after", async () => {
  const stop = new AbortController();
  handler = () => byteByByte(`data: {"choices":[{"delta":{"content":"a"}}]}\n\n${": wait\n".repeat(50_000)}`);
  const asked = model("openai");
  const events: ModelEvent[] = [];
  for await (const event of asked.stream(asked.prepare(ASK), stop.signal)) {
    events.push(event);
    stop.abort();
  }
  expect(events).toEqual([{ type: "text", text: "a" }]);
});

test("exchange sends the key in its header to its origin, and the exact prepared bytes", async () => {
  const seen: [string | null, string | null, string][] = [];
  handler = async (request) => {
    seen.push([request.headers.get("authorization"), request.headers.get("x-api-key"), await request.text()]);
    return new Response("", { status: 400 });
  };
  for (const provider of ["openai", "anthropic"] as const) {
    const asked = model(provider);
    await ask(asked);
    expect(seen.at(-1)?.[2]).toBe(new TextDecoder().decode(asked.prepare(ASK).body));
  }
  expect(seen.map(([bearer, header]) => [bearer, header])).toEqual([
    [`Bearer ${KEY}`, null],
    [null, KEY],
  ]);
});

test("buildModel refuses plain http, user parts, foreign origins and a missing key", () => {
  const secret = SecretString.take(new TextEncoder().encode(KEY));
  const parts = {
    fetch,
    clock: systemClock,
    random: fixedRandom(4),
    key: { secret, allowedOrigins: ["https://a.test"] },
    redact,
  };
  const reason = (
    provider: ModelChoice["provider"],
    base_url: string,
    more = parts as object,
  ): string | undefined => {
    const built = buildModel({ provider, model: "m", base_url }, { ...parts, ...more });
    return built.ok ? "built" : built.error.reason;
  };
  expect(reason("openai", "https://a.test/v1")).toBe("built");
  expect(reason("openai", "http://a.test/v1")).toBe("base_url");
  expect(reason("openai", "http://127.0.0.1.a.test/")).toBe("base_url");
  expect(reason("openai", "https://user@a.test/")).toBe("base_url");
  expect(reason("openai", "https://b.test/")).toBe("key_origin");
  expect(reason("openai", "https://a.test:8443/")).toBe("key_origin");
  expect(reason("anthropic", "https://a.test/", { key: undefined })).toBe("key_missing");
  expect(whereOf({ provider: "ollama", model: "m" })).toBe("this computer");
  expect(whereOf({ provider: "anthropic", model: "m" })).toBe("api.anthropic.com");
});

test("bodies keep ids apart, pair results and send malformed arguments whole", () => {
  const random = fixedRandom(8);
  const [a, b] = [newCallId((count) => random.bytes(count)), newCallId((count) => random.bytes(count))];
  const messages: readonly ModelMessage[] = [
    { role: "user", seq: 1, text: "go\ud800" },
    {
      role: "assistant",
      seq: 2,
      text: "",
      calls: [
        { id: a, providerId: "same", name: "exec", args: "not json" },
        { id: b, providerId: "same", name: "exec", args: `${'{"a":'.repeat(500)}1${"}".repeat(500)}` },
      ],
    },
    { role: "tool", seq: 3, call: a, name: "exec", text: "one" },
    { role: "tool", seq: 4, call: b, name: "exec", text: "two" },
    { role: "user", seq: 5, text: "and" },
  ];
  const bodyOf = (provider: ModelChoice["provider"]): string =>
    new TextDecoder().decode(model(provider).prepare({ ...ASK, messages }).body);
  const openai = JSON.parse(bodyOf("openai"));
  expect(openai.messages.map((message: { role: string }) => message.role).join()).toBe(
    "system,user,assistant,tool,tool,user",
  );
  expect(openai.messages[2].tool_calls.map((call: { id: string }) => call.id)).toEqual(["same", b]);
  expect([openai.messages[3].tool_call_id, openai.messages[4].tool_call_id]).toEqual(["same", b]);
  expect(openai.messages[1].content).toBe("go\ufffd");
  const anthropic = JSON.parse(bodyOf("anthropic"));
  expect(anthropic.messages.map((message: { role: string }) => message.role)).toEqual([
    "user",
    "assistant",
    "user",
  ]);
  expect(anthropic.messages[1].content[0].input).toEqual({ malformed_arguments: "not json" });
  expect(Object.keys(anthropic.messages[1].content[1].input)).toEqual(["malformed_arguments"]);
  expect(anthropic.messages[2].content.map((block: { type: string }) => block.type).join()).toBe(
    "tool_result,tool_result,text",
  );
  expect(JSON.parse(bodyOf("ollama")).options.num_ctx).toBe(16_384);
});

test("ollamaModels lists names, and says when none or something else answers", async () => {
  const parts = { fetch, clock: systemClock };
  handler = () => Response.json({ models: [{ name: "llama3.2:1b" }, { name: "\u202ebad" }, 1] });
  expect(await ollamaModels(`${base}/`, parts)).toEqual({ ok: true, value: ["llama3.2:1b"] });
  handler = () => new Response("<html>");
  expect(await ollamaModels(base, parts)).toEqual({ ok: false, error: "not_ollama" });
  expect(await ollamaModels("http://127.0.0.1:1", parts)).toEqual({ ok: false, error: "unreachable" });
});
