/**
 * An endpoint of three wire formats (OpenAI's chat completions, Anthropic's messages, Ollama's chat) on loopback that
 * sends its answer one byte a chunk, or fails in the way a test chooses. It keeps what it was sent.
 */
export const GREETING = "Grüße, 日本語 🙂.";
export const BROKEN = "One two three four five";

export type Mood = "well" | "cut" | "silent" | "web_page" | Refusal;

/** An answer that is not 200. Sent `times` times, then the fake is well again. */
export interface Refusal {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
  readonly times?: number;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly apiKey: string;
  /** All header values and the body, to look for what must not be there. */
  readonly whole: string;
}

export interface ProviderFake extends Disposable {
  readonly origin: string;
  readonly seen: SeenRequest[];
  mood: Mood;
}

/** Starts the endpoint on a free port; it says that it has one model, `m`. */
export function providerFake(): ProviderFake {
  const seen: SeenRequest[] = [];
  let refused = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname: path } = new URL(request.url);
      const body = await request.text();
      seen.push({
        method: request.method,
        path,
        authorization: request.headers.get("authorization") ?? "",
        apiKey: request.headers.get("x-api-key") ?? "",
        whole: `${request.url} ${JSON.stringify(Object.fromEntries(request.headers))} ${body}`,
      });
      if (request.method === "GET") return Response.json(modelsOf(path));
      const { mood } = fake;
      if (typeof mood === "object" && (mood.times === undefined || refused++ < mood.times)) {
        return Response.json(mood.body, { status: mood.status, headers: mood.headers ?? {} });
      }
      if (mood === "web_page") return new Response("<p>hi", { headers: { "content-type": "text/html" } });
      return answer(path, mood);
    },
  });
  const fake: ProviderFake = {
    origin: `http://127.0.0.1:${String(server.port)}`,
    seen,
    mood: "well",
    [Symbol.dispose]: () => void server.stop(true),
  };
  return fake;
}

function modelsOf(path: string): object {
  return path.endsWith("/api/tags") ? { models: [{ name: "m" }] } : { data: [{ id: "m" }] };
}

function answer(path: string, mood: Mood): Response {
  const format = FORMATS.find(({ end }) => path.endsWith(end));
  if (format === undefined) return new Response("", { status: 404 });
  const text =
    mood === "cut" ? format.words(BROKEN) : mood === "silent" ? "" : format.words(GREETING) + format.whole;
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      for (const byte of bytes) {
        controller.enqueue(Uint8Array.of(byte));
        await Bun.sleep(0); // a turn of the event loop each: the bytes leave one by one
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": format.type } });
}

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (value: { readonly type: string; readonly [member: string]: unknown }): string =>
  `event: ${value.type}\n${event(value)}`;
const openai = (choice: object): string => event({ choices: [{ index: 0, ...choice }] });
const halves = (text: string): readonly string[] => [text.slice(0, 8), text.slice(8)];

const FORMATS = [
  {
    end: "/chat/completions",
    type: "text/event-stream",
    words: (text: string) =>
      halves(text)
        .map((content) => openai({ delta: { content } }))
        .join(""),
    whole: `${openai({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`,
  },
  {
    end: "/v1/messages",
    type: "text/event-stream",
    words: (text: string) =>
      [
        named({ type: "message_start", message: { usage: { input_tokens: 3, output_tokens: 1 } } }),
        named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
        ...halves(text).map((part) =>
          named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: part } }),
        ),
      ].join(""),
    whole: [
      named({ type: "content_block_stop", index: 0 }),
      named({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } }),
      named({ type: "message_stop" }),
    ].join(""),
  },
  {
    end: "/api/chat",
    type: "application/x-ndjson",
    words: (text: string) =>
      halves(text)
        .map((content) => `${JSON.stringify({ message: { role: "assistant", content }, done: false })}\n`)
        .join(""),
    whole: `${JSON.stringify({ message: { role: "assistant", content: "" }, done: true, done_reason: "stop" })}\n`,
  },
] as const;
