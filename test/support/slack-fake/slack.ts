/**
 * A strict Slack: an unknown method, parameter, type, block or token is an error and is written down. It is a
 * `fetch` and an `OpenSocket` for tests in one process, and a real server through `serve`.
 */
import type { OpenSocket } from "#kit/platform-socket.ts";
import type { Clock } from "#runtime/clock.ts";
import { join } from "node:path";
import { type Schema, readApiTable, violationsOf } from "../api-table.ts";
import { givenOf } from "./body.ts";
import { type Fault, Faults, insteadOf } from "./faults.ts";
import {
  APP_TOKEN,
  BOT,
  BOT_TOKEN,
  type PressedMessage,
  type Someone,
  TEAM,
  buttonPayload,
  escaped,
  eventPayload,
  slashPayload,
} from "./payloads.ts";
import { type SocketData, serveSlack } from "./serve.ts";
import { type Shown, shownOf } from "./shown.ts";
import { localSocket } from "./local-socket.ts";
import { SocketHub } from "./socket-hub.ts";

export interface SentMessage extends Shown {
  readonly ts: string;
  readonly channel: string;
  readonly thread: string;
  edits: number;
}

/** Methods that take JSON (`consumes` of the specification); all others take forms alone. */
const JSON_METHODS = ["auth.test", "apps.connections.open", "chat.postMessage", "chat.update"];

type Json = Record<string, unknown>;

export class SlackFake {
  readonly sent: SentMessage[] = [];
  /** Everything that a strict server would not accept. Empty at the end of a good test. */
  readonly violations: string[] = [];
  /** Method names in the order of the calls. */
  readonly calls: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly names = new Map<string, string>();
  readonly hub: SocketHub;
  /** Where it is reached; `serve` sets the real one. */
  base = "https://slack.com/api";
  botRevoked = false;
  appRevoked = false;
  /** No Events API delivery: what is said stands in the history alone. */
  silent = false;
  readonly #schema: Schema;
  readonly #clock: Clock;
  readonly #faults = new Faults();
  readonly #history = new Map<string, Json[]>();
  #numbers = 0;
  #second = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.hub = new SocketHub(clock, this.violations);
    const [old, newer] = ["web-api.txt", "blocks.txt"].map((name) =>
      readApiTable(join(import.meta.dir, name)),
    );
    this.#schema = {
      methods: new Map([...(old?.methods ?? []), ...(newer?.methods ?? [])]),
      types: newer?.types ?? new Map(),
    };
  }

  /** A time stamp that no other message has. */
  ts(): string {
    const second = Math.max(this.#second, Math.floor(this.#clock.now() / 1_000));
    this.#numbers = second === this.#second ? this.#numbers + 1 : 1;
    this.#second = second;
    return `${second}.${String(this.#numbers).padStart(6, "0")}`;
  }

  /** The next calls of `method` go wrong, one fault each. */
  fail(method: string, ...faults: readonly Fault[]): void {
    this.#faults.add(method, faults);
  }

  /** An event of the Events API, as Slack wraps it. */
  event(event: Json, more: Json = {}): void {
    if (!this.silent) this.hub.push("events_api", { ...eventPayload(event, this.ts()), ...more });
  }

  /** Somebody writes: the event, which also stands in the channel's history. */
  say(from: Someone, channel: string, text: string, more: Json = {}): Json {
    const ts = this.ts();
    const channel_type = channel.startsWith("D") ? "im" : "channel";
    const message = {
      type: "message",
      user: from.id,
      text: escaped(text),
      ts,
      team: from.team ?? TEAM,
      ...more,
    };
    const kept = this.#history.get(channel) ?? [];
    kept.push(message);
    this.#history.set(channel, kept);
    const event = { ...message, channel, channel_type, event_ts: ts };
    this.event(event);
    return event;
  }

  /** Somebody presses a button under a message of the bot. */
  press(from: Someone, message: PressedMessage, value: string): void {
    this.hub.push("interactive", buttonPayload(from, message, value, this.ts()));
  }

  /** Somebody types `/wirken …`. */
  slash(from: Someone, channel: string, text: string): void {
    this.hub.push("slash_commands", slashPayload(from, channel, text, this.ts()));
  }

  /** The Web API as a `fetch`. */
  readonly fetch = async (url: string, init: BunFetchRequestInit): Promise<Response> => {
    const { pathname } = new URL(url);
    const headers = new Headers(init.headers);
    const bearer = headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    if (pathname.startsWith("/files-pri/")) return this.#file(pathname.slice("/files-pri/".length), bearer);
    const method = pathname.slice(pathname.lastIndexOf("/") + 1);
    this.calls.push(method);
    const fault = this.#faults.take(method);
    const instead = insteadOf(fault);
    if (instead !== undefined) return instead;
    const isOpen = method === "apps.connections.open";
    const refusal = this.#refusalOf(bearer, isOpen);
    if (refusal !== "") return refuse(refusal);
    const given = givenOf(init.body, headers.get("content-type") ?? "");
    if (given === undefined || (given.isJson && !JSON_METHODS.includes(method))) {
      this.violations.push(`${method} does not take such a body`);
      return refuse("invalid_post_type");
    }
    const payload = given.isJson ? given.values : this.#typed(method, given.values);
    const problems = violationsOf(this.#schema, method, payload);
    this.violations.push(...problems);
    if (problems.length > 0) return refuse("invalid_arguments");
    const answer = this.#answer(method, payload);
    if (fault?.kind === "cut") throw Object.assign(new TypeError("cut"), { code: "ECONNRESET" });
    return await Promise.resolve(answer);
  };

  /** Socket Mode in this process. */
  readonly openSocket: OpenSocket = (url, events) => localSocket(this.hub, url, events);

  /** Listens on loopback, for a program in another process. The caller stops the server. */
  serve(port = 0): Bun.Server<SocketData> {
    const server = serveSlack(this, port);
    this.base = `${new URL(server.url).origin}/api`;
    return server;
  }

  /** The address of a file, as events name it. */
  fileUrl(id: string): string {
    return this.base.startsWith("https://slack.com")
      ? `https://files.slack.com/files-pri/${id}`
      : `${new URL(this.base).origin}/files-pri/${id}`;
  }

  #refusalOf(bearer: string, isOpen: boolean): string {
    if (bearer === "") return "not_authed";
    if (bearer === BOT_TOKEN)
      return this.botRevoked ? "token_revoked" : isOpen ? "not_allowed_token_type" : "";
    if (bearer === APP_TOKEN)
      return this.appRevoked ? "invalid_auth" : isOpen ? "" : "not_allowed_token_type";
    return "invalid_auth";
  }

  #answer(method: string, payload: Json): Response {
    switch (method) {
      case "auth.test":
        return accept({
          url: "https://fake.slack.com/",
          team: "Fake",
          team_id: TEAM,
          user: BOT.name,
          user_id: BOT.id,
          bot_id: BOT.bot_id,
          is_enterprise_install: false,
        });
      case "apps.connections.open":
        return accept({ url: this.#socketUrl() });
      case "chat.postMessage":
        return this.#post(payload);
      case "chat.update":
        return this.#update(payload);
      case "conversations.history":
        return this.#read(payload);
      case "users.info": {
        const id = String(payload["user"]);
        return accept({
          user: {
            id,
            team_id: TEAM,
            name: id.toLowerCase(),
            profile: { display_name: this.names.get(id) ?? "" },
          },
        });
      }
      case "files.info": {
        const id = String(payload["file"]);
        return accept({
          file: {
            id,
            name: `${id}.txt`,
            mimetype: "text/plain",
            size: this.files.get(id)?.length ?? 0,
            url_private_download: this.fileUrl(id),
          },
        });
      }
      default:
        this.violations.push(`${method} is not served`);
        return refuse("unknown_method");
    }
  }

  #socketUrl(): string {
    const ticket = this.hub.ticket();
    if (this.base.startsWith("https://slack.com"))
      return `wss://wss-primary.slack.com/link/?ticket=${ticket}&app_id=x`;
    return `ws://${new URL(this.base).host}/link?ticket=${ticket}`;
  }

  #post(payload: Json): Response {
    const shown = shownOf(payload);
    if (typeof shown === "string") return refuse(shown);
    const ts = this.ts();
    const channel = String(payload["channel"]);
    const thread = String(payload["thread_ts"] ?? "");
    const message: SentMessage = { ...shown, ts, channel, thread, edits: 0 };
    this.sent.push(message);
    const kept = {
      type: "message",
      user: BOT.id,
      bot_id: BOT.bot_id,
      text: String(payload["text"] ?? ""),
      ts,
      team: TEAM,
    };
    this.#history.set(channel, [...(this.#history.get(channel) ?? []), kept]);
    this.event({ ...kept, channel, channel_type: "im", event_ts: ts }); // Slack tells the bot of its own messages too
    return accept({ channel, ts, message: kept });
  }

  #update(payload: Json): Response {
    const message = this.sent.find(
      ({ ts, channel }) => ts === payload["ts"] && channel === payload["channel"],
    );
    if (message === undefined) return refuse("message_not_found");
    const shown = shownOf(payload);
    if (typeof shown === "string") return refuse(shown);
    Object.assign(message, shown, { edits: message.edits + 1 });
    return accept({ channel: message.channel, ts: message.ts, text: message.text });
  }

  #read(payload: Json): Response {
    const oldest = Number(payload["oldest"] ?? 0);
    const kept = (this.#history.get(String(payload["channel"])) ?? []).filter(
      ({ ts }) => Number(ts) > oldest,
    );
    return accept({ messages: kept.slice(-Number(payload["limit"] ?? 100)).toReversed(), has_more: false });
  }

  #file(id: string, bearer: string): Response {
    if (bearer !== BOT_TOKEN)
      return new Response("", { status: 302, headers: { location: "https://fake.slack.com/login" } });
    const content = this.files.get(id);
    return content === undefined ? new Response("none", { status: 404 }) : new Response(content.slice());
  }

  /** A form is text; numbers and blocks become what the table says. */
  #typed(method: string, form: Json): Json {
    const fields = this.#schema.methods.get(method)?.fields ?? [];
    const typed = Object.entries(form).map(([name, value]) => {
      const types = fields.find((field) => field.name === name)?.types ?? [];
      const isText = types.length === 0 || types.includes("String");
      return [name, isText ? value : JSON.parse(String(value))];
    });
    return Object.fromEntries(typed);
  }
}

function accept(result: Json): Response {
  return Response.json({ ok: true, ...result });
}

function refuse(error: string): Response {
  return Response.json({ ok: false, error });
}
