/**
 * A strict signal-cli daemon: its HTTP interface as signal-cli 0.13.19 answers it, with what only real accounts have
 * (messages, files, limits) beside it. An unknown method, parameter or type is an error and is written down; so is what
 * Signal would not show. It is a `fetch` for tests in one process, and a real server through `serve`.
 */
import type { Clock } from "#runtime/clock.ts";
import { violationsOf } from "./methods.ts";
import { EventStreams } from "./streams.ts";

export const ACCOUNT = "+4915550100";
export const ACCOUNT_UUID = "0b000000-0000-4000-8000-0000000000b0";

/** How the next call of a method goes wrong. */
export type Fault =
  /** Answers with this error object instead of doing anything. */
  | { readonly kind: "error"; readonly error: object }
  /** A server in front of it answers with this status. */
  | { readonly kind: "status"; readonly status: number }
  /** Does it, then breaks the connection. */
  | { readonly kind: "cut" }
  /** There is no connection. */
  | { readonly kind: "unreached" };

export interface SentMessage {
  readonly timestamp: number;
  /** A person's id or a group's. */
  readonly to: string;
  text: string;
  styles: readonly string[];
  readonly quote: { readonly timestamp: number; readonly author: string } | undefined;
  edits: number;
}

/** Signal's apps drop a message with a longer text, and say nothing (Android: `MAX_INLINE_BODY_SIZE_BYTES`). */
const BODY_BYTES_MAX = 2_048;

type Json = Readonly<Record<string, unknown>>;

export class SignalDaemonFake {
  readonly sent: SentMessage[] = [];
  readonly typing: string[] = [];
  /** Everything that a strict daemon would not accept. Empty at the end of a good test. */
  readonly violations: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly streams: EventStreams;
  /** signal-cli no longer has the account. */
  revoked = false;
  readonly #clock: Clock;
  readonly #faults: { readonly method: string; readonly fault: Fault }[] = [];
  #timestamps = 1_790_000_000_000;

  /** @param numbered as newer versions: events have ids, and the last ones are said again on request */
  constructor(clock: Clock, numbered = true) {
    this.#clock = clock;
    this.streams = new EventStreams(clock, numbered);
  }

  /** A message's time, unlike all others. */
  timestamp(): number {
    this.#timestamps = Math.max(this.#timestamps + 1, this.#clock.now());
    return this.#timestamps;
  }

  /** Something was received from `envelope.source…`; answers what may be pushed once more. */
  push(envelope: Json, account = ACCOUNT): Json {
    return this.notify({ envelope, account });
  }

  /** A whole notification, as it stands in the stream. */
  notify(notification: Json): Json {
    this.streams.push(JSON.stringify(notification));
    return notification;
  }

  /** The next call of `method` goes wrong. */
  fail(method: string, fault: Fault): void {
    this.#faults.push({ method, fault });
  }

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const headers = new Headers(init.headers);
    if (pathname === "/api/v1/check") return new Response(null);
    if (pathname === "/api/v1/events") {
      if (this.revoked || searchParams.get("account") !== ACCOUNT) return new Response(null, { status: 400 });
      const stream = this.streams.open(headers.get("last-event-id"), init.signal ?? undefined);
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    }
    if (pathname !== "/api/v1/rpc") return new Response(null, { status: 404 });
    if (init.method !== "POST") return new Response(null, { status: 405 });
    if (headers.get("content-type")?.startsWith("application/json") !== true)
      return new Response(null, { status: 415 });
    return this.#rpc(String(init.body));
  };

  /** A real server on a free port. */
  serve(): Bun.Server<undefined> {
    return Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      fetch: async (request) => {
        const { method, headers, signal } = request;
        const body = method === "POST" ? await request.text() : null;
        try {
          return await this.fetch(request.url, { method, headers, signal, body });
        } catch {
          return new Response(null, { status: 502 });
        }
      },
    });
  }

  #rpc(body: string): Response {
    const request: Json = JSON.parse(body);
    const method = String(request["method"]);
    const at = this.#faults.findIndex((planned) => planned.method === method);
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
    if (fault?.kind === "unreached") throw Object.assign(new Error("refused"), { code: "ConnectionRefused" });
    if (fault?.kind === "status") return new Response("upstream", { status: fault.status });
    if (fault?.kind === "error") return errorAnswer(fault.error);
    const params: Json = Object(request["params"]);
    const found = violationsOf(request);
    if (found.length > 0) {
      this.violations.push(...found);
      return errorAnswer({ code: found[0]?.startsWith("method") ? -32_601 : -32_602, message: found[0] });
    }
    const result = this.#perform(method, params);
    if (fault?.kind === "cut") throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
    return result;
  }

  #perform(method: string, params: Json): Response {
    if (method === "listAccounts") return answer(this.revoked ? [] : [{ number: ACCOUNT }]);
    if (method === "version") return answer({ version: "0.13.19" });
    if (this.revoked || params["account"] !== ACCOUNT) {
      return errorAnswer({ code: -32_602, message: "Specified account does not exist", data: null });
    }
    switch (method) {
      case "listContacts":
        return answer([{ number: ACCOUNT, uuid: ACCOUNT_UUID, name: "Wirken" }]);
      case "sendTyping":
        this.typing.push(toOf(params));
        return answer({});
      case "getAttachment": {
        const bytes = this.files.get(String(params["id"]));
        if (bytes === undefined)
          return errorAnswer({ code: -1, message: "Could not find attachment with ID" });
        return answer({ data: bytes.toBase64() });
      }
      default:
        return answer(this.#send(params));
    }
  }

  #send(params: Json): Json {
    const text = String(params["message"]);
    const to = toOf(params);
    const styles = Array.isArray(params["textStyle"]) ? params["textStyle"].map(String) : [];
    if (text === "") this.violations.push("send: an empty message");
    if (Buffer.byteLength(text) > BODY_BYTES_MAX) this.violations.push("send: longer than a message");
    for (const style of styles) {
      const [start = 0, length = 0] = style.split(":").map(Number);
      if (length === 0 || start + length > text.length) this.violations.push(`send: a style beyond the text`);
    }
    const timestamp = this.timestamp();
    const edited = this.sent.find((message) => message.timestamp === params["editTimestamp"]);
    if (params["editTimestamp"] === undefined) {
      const quoted = params["quoteTimestamp"];
      const quote =
        quoted === undefined
          ? undefined
          : { timestamp: Number(quoted), author: String(params["quoteAuthor"]) };
      this.sent.push({ timestamp, to, text, styles, quote, edits: 0 });
    } else if (edited === undefined || edited.to !== to) {
      this.violations.push("send: an edit of no message");
    } else Object.assign(edited, { text, styles, edits: edited.edits + 1 });
    return { timestamp, results: [{ recipientAddress: { uuid: to, number: null }, type: "SUCCESS" }] };
  }
}

function toOf(params: Json): string {
  return String(Array.isArray(params["recipient"]) ? params["recipient"][0] : params["groupId"]);
}

function answer(result: unknown): Response {
  return Response.json({ jsonrpc: "2.0", result, id: "1" });
}

function errorAnswer(error: object): Response {
  return Response.json({ jsonrpc: "2.0", error, id: "1" });
}
