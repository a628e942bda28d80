/**
 * A model of the OpenAI wire format that says what a test puts into it: one answer a request, streamed in pieces.
 * Specification: https://platform.openai.com/docs/api-reference/chat-streaming
 */

export interface ModelServer extends Disposable {
  /** Base URL for `wirken setup --base-url`. */
  readonly base: string;
  /** What the next answers say; the last one is repeated. */
  answers: string[];
  /** Bodies of the requests, as they came. */
  readonly requests: unknown[];
}

const PIECE_CHARS = 700;

/** Starts the server on a free port of loopback. */
export function modelServer(...answers: string[]): ModelServer {
  const requests: unknown[] = [];
  const world = { answers: [...answers] };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      if (!new URL(request.url).pathname.endsWith("/chat/completions")) return Response.json({ data: [] });
      requests.push(await request.json());
      const text = (world.answers.length > 1 ? world.answers.shift() : world.answers[0]) ?? "";
      return new Response(streamOf(text), { headers: { "content-type": "text/event-stream" } });
    },
  });
  return {
    base: `${new URL(server.url).origin}/v1`,
    requests,
    get answers() {
      return world.answers;
    },
    set answers(next) {
      world.answers = next;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

function streamOf(text: string): string {
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({
      id: "c-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "test",
      choices: [{ index: 0, delta, finish_reason: finish }],
    })}\n\n`;
  let stream = chunk({ role: "assistant", content: "" }, null);
  for (let at = 0; at < text.length; at += PIECE_CHARS) {
    stream += chunk({ content: text.slice(at, at + PIECE_CHARS) }, null);
  }
  return `${stream}${chunk({}, "stop")}data: [DONE]\n\n`;
}
