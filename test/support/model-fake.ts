/**
 * An OpenAI-compatible endpoint on loopback, as a script: "do WORD" becomes a call of `exec` that appends WORD to a
 * file, "linger WORD" one that then stays for a minute, "read PATH" a call of `read_file`. "quote words" answers with the
 * key that the request carried, clear, then in base64, over two pieces each; "quote call" puts it into a call of `exec` that also prints `quoted.txt`.
 * A tool's result or any other text gets a plain answer. It keeps what it was sent.
 */
export interface ModelRequestSeen {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ModelFake extends Disposable {
  /** Base URL to configure, with `/v1`. */
  readonly url: string;
  readonly seen: ModelRequestSeen[];
  /** Time before an answer begins and before it ends, in milliseconds. */
  delayMs: number;
  /** How every answer goes wrong while it is set, with a text of the server's own. */
  trouble: ModelTrouble | undefined;
}

export interface ModelTrouble {
  readonly kind: "status 400" | "status 401" | "in the stream" | "html";
  readonly text: string;
}

/** The file that "do WORD" appends to. */
export const EFFECTS = "effects.txt";

/** Starts the endpoint on a free port. */
export function modelFake(): ModelFake {
  const seen: ModelRequestSeen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const body = await request.text();
      const headers = Object.fromEntries(request.headers);
      seen.push({ path: new URL(request.url).pathname, headers, body });
      if (fake.trouble !== undefined) return troubled(fake.trouble);
      if (request.method === "GET") return Response.json({ object: "list", data: [{ id: "script" }] });
      await Bun.sleep(fake.delayMs);
      return streamOf(answerTo(body, (headers["authorization"] ?? "").replace("Bearer ", "")), fake.delayMs);
    },
  });
  const fake: ModelFake = {
    url: `http://127.0.0.1:${String(server.port)}/v1`,
    seen,
    delayMs: 0,
    trouble: undefined,
    [Symbol.dispose]: () => void server.stop(true),
  };
  return fake;
}

function troubled({ kind, text }: ModelTrouble): Response {
  const error = { message: text, type: "invalid_request_error" };
  if (kind === "in the stream") {
    const headers = { "content-type": "text/event-stream" };
    return new Response(`data: ${JSON.stringify({ error })}\n\n`, { headers });
  }
  if (kind === "html") return new Response(`<html>${text}</html>`, { status: 502 });
  return Response.json({ error }, { status: kind === "status 400" ? 400 : 401 });
}

function answerTo(body: string, key: string): readonly object[] {
  const { messages } = JSON.parse(body);
  const last = messages.at(-1);
  const [, verb = "", word = ""] = /^(do|linger|read|quote) (\S+)/.exec(String(last.content)) ?? [];
  if (last.role !== "user" || verb === "") {
    return [{ delta: { content: "That is " } }, { delta: { content: "done." }, finish_reason: "stop" }];
  }
  if (verb === "quote" && word === "words") return quoted(key);
  const call =
    verb === "read"
      ? { name: "read_file", arguments: JSON.stringify({ path: word }) }
      : {
          name: "exec",
          arguments: JSON.stringify({ command: commandOf(verb, verb === "quote" ? key : word) }),
        };
  const tool_calls = [{ index: 0, id: "call_1", type: "function", function: call }];
  return [{ delta: { tool_calls } }, { delta: {}, finish_reason: "tool_calls" }];
}

function quoted(key: string): readonly object[] {
  const middle = key.length / 2;
  const base64 = Buffer.from(`Bearer ${key}`).toString("base64");
  const pieces = [
    `It is ${key.slice(0, middle)}`,
    `${key.slice(middle)} or ${base64.slice(0, 20)}`,
    base64.slice(20),
  ];
  return [...pieces.map((content) => ({ delta: { content } })), { delta: {}, finish_reason: "stop" }];
}

function commandOf(verb: string, word: string): string {
  const before = verb === "quote" ? "cat quoted.txt; " : "";
  return `${before}echo ${word} >> ${EFFECTS}; sleep ${verb === "linger" ? 60 : 0.1}`;
}

function streamOf(choices: readonly object[], delayMs: number): Response {
  const encoder = new TextEncoder();
  const lines = choices.map(
    (choice) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`,
  );
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      try {
        for (const line of lines) {
          controller.enqueue(encoder.encode(line));
          await Bun.sleep(delayMs);
        }
        controller.enqueue(encoder.encode("data: [DONE]\n\n"));
        controller.close();
      } catch {
        return; // the reader was killed
      }
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}
