/**
 * A strict Discord: the HTTP interface refuses what its description does not allow and writes it down, drops
 * repetitions by nonce, counts rate limits on demand, and fails on demand; the gateway stands in `gateway.ts`. It is a `fetch` and
 * sockets for tests in one process, and a real server through `serve`.
 */
import type { Clock } from "#runtime/clock.ts";
import { type Wild, flagIn, numberIn, objectIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";
import { DiscordGatewayFake } from "./gateway.ts";
import { type Schema, callName, discordSchema, violationsOf } from "./schema.ts";
import { pingsOf, shownOf } from "./shown.ts";

export const FAKE_TOKEN = "MTIzNDU2.fake-token.of-the-strict-discord";
export const BOT = { id: "900000000000000001", username: "wirken", bot: true } as const;
export const APPLICATION = { id: "900000000000000001", flags: 1 << 18 } as const;
const CONTENT_UNITS_MAX = 2_000;

/** How the next call goes wrong. */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** Does it, then breaks the connection. */
  | { readonly kind: "cut" }
  | { readonly kind: "unreached" };

export interface SentMessage {
  readonly id: string;
  readonly channel: string;
  content: string;
  readonly replyTo: string;
  readonly nonce: string;
  readonly pings: readonly string[];
  buttons: readonly { readonly text: string; readonly value: string }[];
  edits: number;
}

export class DiscordFake {
  readonly sent: SentMessage[] = [];
  readonly violations: string[] = [];
  /** Names of the calls, in order. */
  readonly calls: string[] = [];
  readonly typed: string[] = [];
  /** Interactions that were acknowledged: id and type. */
  readonly acknowledged: { readonly id: string; readonly type: number }[] = [];
  readonly commands: Wild[] = [];
  readonly files = new Map<string, Uint8Array>();
  /** What stands in channels, for those who ask for it. */
  readonly history: Wild[] = [];
  readonly gateway: DiscordGatewayFake;
  /** Headers for every answer, such as those of a rate limit. */
  headers: Record<string, string> = {};
  gatewayUrl = "ws://127.0.0.1:9/gateway";
  readonly #schema: Schema;
  readonly #clock: Clock;
  readonly #faults: { readonly call: string; readonly fault: Fault }[] = [];
  #ids = 0n;

  constructor(clock: Clock, schema: Schema = discordSchema()) {
    this.#clock = clock;
    this.#schema = schema;
    this.gateway = new DiscordGatewayFake({
      token: FAKE_TOKEN,
      me: BOT,
      application: APPLICATION,
      resumeUrl: () => this.gatewayUrl,
      violation: (text) => this.violations.push(text),
    });
  }

  /** A fresh id, with the clock's time in it. */
  id(): string {
    return String(((BigInt(this.#clock.now()) - 1_420_070_400_000n) << 22n) | (++this.#ids & 0x3fffffn));
  }

  /** Lets the next call of this name go wrong. */
  fail(call: string, fault: Fault): void {
    this.#faults.push({ call, fault });
  }

  /** The token is reset: nothing works, and the connection ends. */
  revoke(): void {
    this.gateway.isRevoked = true;
    this.gateway.drop(4004);
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const headers = new Headers(init.headers);
    if (pathname.startsWith("/files/")) return this.#file(pathname, headers);
    const path = pathname.replace(/^\/api\/v10/, "");
    const call = callName(this.#schema, init.method ?? "GET", path);
    if (call === undefined || !pathname.startsWith("/api/v10/")) {
      this.violations.push(`unknown call ${init.method ?? "GET"} ${path}`);
      return answer(404, { message: "404: Not Found", code: 0 });
    }
    this.calls.push(call);
    if (!/^DiscordBot \(https?:\/\/[^ ,]+, [^ )]+\)/.test(headers.get("user-agent") ?? ""))
      this.violations.push(`${call}: no user agent of a bot`);
    const at = this.#faults.findIndex((planned) => planned.call === call);
    const fault = at === -1 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
    if (fault?.kind === "unreached") throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    if (fault?.kind === "answer")
      return new Response(fault.body, { status: fault.status, headers: fault.headers ?? {} });
    const response = this.#perform(call, path, headers, init.body, searchParams.get("after") ?? "0");
    if (fault?.kind === "cut") throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
    for (const [name, value] of Object.entries(this.headers)) response.headers.set(name, value);
    return response;
  };

  /** A server on loopback; its base URL is `<url>/api/v10`. */
  serve(): Bun.Server<{ heed: (text: string) => void; end: () => void }> {
    const server = Bun.serve<{ heed: (text: string) => void; end: () => void }>({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request, self) => {
        if (new URL(request.url).pathname === "/gateway") {
          return self.upgrade(request, { data: { heed: () => undefined, end: () => undefined } })
            ? undefined
            : new Response("no", { status: 400 });
        }
        const text = await request.text();
        const body = text === "" ? {} : { body: text };
        return await this.fetch(request.url, { method: request.method, headers: request.headers, ...body });
      },
      websocket: {
        open: (socket) => {
          const under = this.gateway.connect(`${this.gatewayUrl}?v=10&encoding=json`, {
            open: () => undefined,
            text: (text) => void socket.send(text),
            closed: (code) => socket.close(code),
          });
          socket.data.heed = (text) => under.send(text);
          socket.data.end = () => under.close(1006);
        },
        message: (socket, text) => socket.data.heed(String(text)),
        close: (socket) => socket.data.end(),
      },
    });
    this.gatewayUrl = `ws://127.0.0.1:${server.port}/gateway`;
    return server;
  }

  #file(pathname: string, headers: Headers): Response {
    if (headers.has("authorization")) this.violations.push("a file was asked for with the token");
    const bytes = this.files.get(pathname.slice("/files/".length));
    return bytes === undefined ? new Response("", { status: 404 }) : new Response(bytes.slice());
  }

  #perform(call: string, path: string, headers: Headers, text: unknown, after: string): Response {
    if (this.gateway.isRevoked || headers.get("authorization") !== `Bot ${FAKE_TOKEN}`) {
      return answer(401, { message: "401: Unauthorized", code: 0 });
    }
    const body: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    const found = violationsOf(this.#schema, call, body);
    if (found.length > 0) {
      this.violations.push(...found);
      return answer(400, { message: "Invalid Form Body", code: 50_035 });
    }
    const [, , channel = "", , message = ""] = path.split("/");
    const fields = objectOf(body);
    switch (call) {
      case "GET /users/@me":
        return answer(200, BOT);
      case "GET /applications/@me":
        return answer(200, APPLICATION);
      case "GET /gateway/bot": {
        const limit = { total: 1_000, remaining: 999, reset_after: 0, max_concurrency: 1 };
        return answer(200, { url: this.gatewayUrl, shards: 1, session_start_limit: limit });
      }
      case "POST /channels/{channel_id}/messages":
        return this.#create(channel, fields);
      case "GET /channels/{channel_id}/messages": {
        const later = this.history.filter(
          (each) => textIn(each, "channel_id") === channel && BigInt(textIn(each, "id")) > BigInt(after),
        );
        return Response.json(later.toReversed().slice(0, 100));
      }
      case "PATCH /channels/{channel_id}/messages/{message_id}":
        return this.#edit(message, fields);
      case "POST /channels/{channel_id}/typing":
        this.typed.push(channel);
        return new Response(null, { status: 204 });
      case "POST /interactions/{interaction_id}/{interaction_token}/callback":
        this.acknowledged.push({ id: channel, type: numberIn(fields, "type") });
        return new Response(null, { status: 204 });
      case "POST /applications/{application_id}/commands":
        this.commands.push(fields);
        return answer(201, { id: this.id() });
      default:
        this.violations.push(`${call} is not answered here`);
        return answer(404, { message: "404: Not Found", code: 0 });
    }
  }

  #create(channel: string, body: Wild): Response {
    const content = textIn(body, "content");
    if (content === "" || content.length > CONTENT_UNITS_MAX) {
      this.violations.push(`content of ${content.length} characters`);
      return answer(400, { message: "Invalid Form Body", code: 50_035 });
    }
    const nonce = textIn(body, "nonce");
    const earlier = this.sent.find((one) => one.channel === channel && one.nonce === nonce);
    if (earlier !== undefined && nonce !== "" && flagIn(body, "enforce_nonce"))
      return answer(200, { id: earlier.id });
    const message: SentMessage = {
      id: this.id(),
      channel,
      content,
      replyTo: textIn(objectIn(body, "message_reference"), "message_id"),
      nonce,
      pings: pingsOf(content, body["allowed_mentions"]),
      buttons: buttonsOf(body),
      edits: 0,
    };
    this.sent.push(message);
    return answer(200, { id: message.id, channel_id: channel, content });
  }

  #edit(id: string, body: Wild): Response {
    const message = this.sent.find((one) => one.id === id);
    if (message === undefined) return answer(404, { message: "Unknown Message", code: 10_008 });
    message.content = textIn(body, "content");
    if (message.content.length > CONTENT_UNITS_MAX) this.violations.push("an edit is too long");
    if (pingsOf(message.content, body["allowed_mentions"]).length > 0) this.violations.push("an edit pings");
    if (body["components"] !== undefined) message.buttons = buttonsOf(body);
    message.edits++;
    return answer(200, { id });
  }
}

/** What stands in a message for a person. */
export function seenOf({ content, pings, buttons }: SentMessage) {
  return { ...shownOf(content), pings, buttons };
}

function buttonsOf(body: Wild): readonly { readonly text: string; readonly value: string }[] {
  return objectsIn(body, "components")
    .flatMap((row) => objectsIn(row, "components"))
    .map((button) => ({ text: textIn(button, "label"), value: textIn(button, "custom_id") }));
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status });
}
