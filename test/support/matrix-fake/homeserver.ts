/**
 * A strict homeserver: the routes of Matrix 1.11 that the adapter calls, over rooms in memory. An unknown route,
 * parameter, member or type is an error and is written down. Transaction ids are honoured as the specification says. It
 * is a `fetch` for tests in one process, and a real server through `serve`.
 */
import type { Clock } from "#runtime/clock.ts";
import { ROUTES, contentViolations } from "./routes.ts";
import { type FakeRoom, type Json, RoomStream } from "./stream.ts";

export const BOT = "@wirken:lab.test";
export const BOT_NAME = "Wirken";
export const FAKE_TOKEN = "syt_token-of-the-strict-homeserver";

/** How the next send goes wrong. */
export type Fault =
  | { readonly kind: "answer"; readonly status: number; readonly body: Json }
  /** Does it, then breaks the connection. */
  | { readonly kind: "cut" }
  /** There is no connection. */
  | { readonly kind: "unreached" };

/** A message of the bot, as it stands in the room. */
export interface SentMessage {
  readonly id: string;
  readonly room: string;
  readonly relation: Json;
  content: Json;
  edits: number;
}

export class HomeserverFake {
  readonly sent: SentMessage[] = [];
  readonly reactions: { readonly room: string; readonly target: string; readonly key: string }[] = [];
  readonly typing: { readonly room: string; readonly typing: boolean }[] = [];
  /** Everything that a strict homeserver would not accept. Empty at the end of a good test. */
  readonly violations: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly stream: RoomStream;
  revoked = false;
  softLogout = false;
  readonly #faults: Fault[] = [];
  readonly #transactions = new Map<string, string>();

  constructor(clock: Clock) {
    this.stream = new RoomStream(clock, BOT);
  }

  /** The next send goes wrong. */
  fail(fault: Fault): void {
    this.#faults.push(fault);
  }

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const method = init.method ?? "GET";
    const path = pathname.replace(/^\/_matrix\/client/, "");
    const found = Object.entries(ROUTES).find(
      ([, route]) => route.method === method && route.path.test(decodePath(path)),
    );
    if (found === undefined) return this.#refuse(`${method} ${path}: no such route`, 404, "M_UNRECOGNIZED");
    const [name, route] = found;
    for (const key of searchParams.keys()) {
      if (!route.query.includes(key))
        return this.#refuse(`${name}: unknown parameter ${key}`, 400, "M_INVALID_PARAM");
    }
    const isAuthorized = new Headers(init.headers).get("authorization") === `Bearer ${FAKE_TOKEN}`;
    if (this.revoked || !isAuthorized) {
      return errorAnswer(401, "M_UNKNOWN_TOKEN", this.softLogout ? { soft_logout: true } : {});
    }
    const body: Json = typeof init.body === "string" ? JSON.parse(init.body) : {};
    for (const wrong of route.body?.(body) ?? []) return this.#refuse(`${name}: ${wrong}`, 400, "M_BAD_JSON");
    const operands = (route.path.exec(decodePath(path)) ?? []).slice(1).map(decodeURIComponent);
    return await this.#perform(name, operands, {
      body,
      query: searchParams,
      signal: init.signal ?? undefined,
    });
  };

  /** A real server on a free port. */
  serve(): Bun.Server<undefined> {
    return Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      fetch: async (request) => {
        const { method, headers, signal } = request;
        const body = method === "GET" ? null : await request.text();
        try {
          return await this.fetch(request.url, { method, headers, signal, body });
        } catch {
          return new Response(null, { status: 502 });
        }
      },
    });
  }

  async #perform(
    name: string,
    operands: readonly string[],
    request: {
      readonly body: Json;
      readonly query: URLSearchParams;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<Response> {
    const { query, signal } = request;
    const [first = "", second = "", third = ""] = operands;
    switch (name) {
      case "versions":
        return Response.json({ versions: ["v1.1", "v1.11"], unstable_features: {} });
      case "whoami":
        return Response.json({ user_id: BOT, device_id: "DEVICE", is_guest: false });
      case "displayname":
        return Response.json({ displayname: BOT_NAME });
      case "sync":
        return Response.json(
          await this.stream.sync(query.get("since") ?? "", Number(query.get("timeout") ?? "0"), signal),
        );
      case "media": {
        const bytes = this.files.get(`${first}/${second}`);
        return bytes === undefined ? errorAnswer(404, "M_NOT_FOUND") : new Response(bytes.slice());
      }
      default:
        return this.#inRoom(name, first, [second, third], request);
    }
  }

  #inRoom(
    name: string,
    id: string,
    [second, third]: readonly [string, string],
    { body, query }: { readonly body: Json; readonly query: URLSearchParams },
  ): Response {
    if (name === "join" || name === "leave") {
      if (!this.stream.answerInvitation(id, name)) return errorAnswer(403, "M_FORBIDDEN");
      return Response.json(name === "join" ? { room_id: id } : {});
    }
    const room = this.stream.rooms.get(id);
    if (room === undefined || !room.members.has(BOT)) return errorAnswer(403, "M_FORBIDDEN");
    switch (name) {
      case "members": {
        const joined = [...room.members].map(([user, display_name]) => [user, { display_name }]);
        return Response.json({ joined: Object.fromEntries(joined) });
      }
      case "encryption":
        return room.isEncrypted
          ? Response.json({ algorithm: "m.megolm.v1.aes-sha2" })
          : errorAnswer(404, "M_NOT_FOUND");
      case "event": {
        const event = this.stream.eventOf(second);
        return event === undefined ? errorAnswer(404, "M_NOT_FOUND") : Response.json(event);
      }
      case "messages":
        return Response.json(this.stream.messages(id, query));
      case "typing":
        if (second !== BOT) return this.#refuse("typing: for somebody else", 403, "M_FORBIDDEN");
        this.typing.push({ room: id, typing: body["typing"] === true });
        return Response.json({});
      default:
        return this.#send(room, second, third, body);
    }
  }

  #send(room: FakeRoom, type: string, transaction: string, content: Json): Response {
    const fault = type === "m.room.message" ? this.#faults.shift() : undefined;
    if (fault?.kind === "unreached") throw Object.assign(new Error("refused"), { code: "ConnectionRefused" });
    if (fault?.kind === "answer") return Response.json(fault.body, { status: fault.status });
    for (const wrong of contentViolations(type, content))
      return this.#refuse(`${type}: ${wrong}`, 400, "M_BAD_JSON");
    const key = `${room.id} ${type} ${transaction}`;
    const known = this.#transactions.get(key);
    const id = known ?? this.stream.write(room.id, { type, sender: BOT, content });
    if (known === undefined) {
      this.#transactions.set(key, id);
      this.#show(room, id, type, content);
    }
    if (fault?.kind === "cut") throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
    return Response.json({ event_id: id });
  }

  #show(room: FakeRoom, id: string, type: string, content: Json): void {
    const relation: Json = Object(content["m.relates_to"] ?? {});
    if (type === "m.reaction") {
      this.reactions.push({
        room: room.id,
        target: String(relation["event_id"]),
        key: String(relation["key"]),
      });
      return;
    }
    if (relation["rel_type"] !== "m.replace") {
      this.sent.push({ id, room: room.id, relation, content, edits: 0 });
      return;
    }
    const edited = this.sent.find((message) => message.id === relation["event_id"]);
    if (edited === undefined) this.violations.push("an edit of no message");
    else Object.assign(edited, { content: Object(content["m.new_content"]), edits: edited.edits + 1 });
  }

  #refuse(violation: string, status: number, code: string): Response {
    this.violations.push(violation);
    return errorAnswer(status, code);
  }
}

/** Room ids are read with their `!`, whichever way they were written. */
function decodePath(path: string): string {
  return path.replaceAll("%21", "!");
}

function errorAnswer(status: number, errcode: string, more: object = {}): Response {
  return Response.json({ errcode, error: "x", ...more }, { status });
}
