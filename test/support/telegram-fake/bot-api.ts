/**
 * A strict Bot API server: an unknown method, parameter or type is an error and is written down; so are
 * texts that Telegram would refuse. It keeps updates until a higher offset is asked for, answers one poll at
 * a time, and fails on demand. It is a `fetch` for tests in one process, and a real server through `serve`.
 */
import type { Clock } from "#runtime/clock.ts";
import { type ParsedHtml, parseHtml } from "./html.ts";
import { type Schema, botApiSchema, violationsOf } from "./schema.ts";

export const FAKE_TOKEN = "123456:fake-token-of-the-strict-bot-api";
export const BOT = { id: 123_456, is_bot: true, first_name: "Wirken", username: "wirken_bot" } as const;

/** How the next call of a method goes wrong. */
export type Fault =
  /** Answers with this status and body instead of doing anything. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** Does it, then breaks the connection. */
  | { readonly kind: "cut" }
  /** There is no connection. */
  | { readonly kind: "unreached" };

export interface SentMessage {
  readonly message_id: number;
  readonly chat: string;
  readonly thread: number | undefined;
  readonly replyTo: number | undefined;
  text: string;
  /** What would ring somebody's phone. */
  pings: readonly string[];
  links: readonly string[];
  buttons: readonly { readonly text: string; readonly value: string }[];
  edits: number;
}

type Json = Record<string, unknown>;

export class BotApiFake {
  readonly sent: SentMessage[] = [];
  readonly actions: Json[] = [];
  readonly answered: string[] = [];
  /** Everything that a strict server would not accept. Empty at the end of a good test. */
  readonly violations: string[] = [];
  /** Method names in the order of the calls. */
  readonly calls: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  revoked = false;
  webhook = false;
  readonly #schema: Schema;
  readonly #clock: Clock;
  readonly #faults: { method: string; fault: Fault }[] = [];
  #updates: { update_id: number }[] = [];
  #nextUpdate = 1_000;
  #nextMessage = 1;
  #poll: (() => void) | undefined;
  #polls = 0;
  #held: { readonly method: string; readonly reached: () => void; readonly gate: Promise<void> } | undefined;

  constructor(clock: Clock, schema: Schema = botApiSchema()) {
    this.#clock = clock;
    this.#schema = schema;
  }

  /** Puts an update into the queue; answers its number. */
  push(update: Json): number {
    const update_id = this.#nextUpdate++;
    this.#updates.push({ update_id, ...update });
    this.#poll?.();
    return update_id;
  }

  /** Updates that were not confirmed by a higher offset. */
  get unconfirmed(): number {
    return this.#updates.length;
  }

  /** Numbers the next updates from `first` on, as Telegram does after a week of silence. */
  renumber(first: number): void {
    this.#nextUpdate = first;
  }

  /** A fresh message id of a person's message. */
  messageId(): number {
    return this.#nextMessage++;
  }

  /** The next calls of `method` go wrong, one fault each. */
  fail(method: string, ...faults: readonly Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ method, fault })));
  }

  /** The next call of `method` stops before it does anything, until it is let go. */
  hold(method: string): { readonly reached: Promise<void>; readonly go: () => void } {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    this.#held = { method, reached: reached.resolve, gate: gate.promise };
    return { reached: reached.promise, go: gate.resolve };
  }

  /** The server as a `fetch`. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname } = new URL(url);
    const [, kind = "", token = "", rest = ""] = /^\/(bot|file\/bot)([^/]+)\/(.*)$/.exec(pathname) ?? [];
    if (token !== FAKE_TOKEN) return refuse(404, "Not Found");
    if (this.revoked) return refuse(401, "Unauthorized");
    if (kind === "file/bot") return this.#file(rest);
    this.calls.push(rest);
    const at = this.#faults.findIndex(({ method }) => method === rest);
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
    if (fault?.kind === "unreached") throw Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" });
    if (fault?.kind === "answer") {
      return new Response(fault.body, { status: fault.status, headers: fault.headers ?? {} });
    }
    const text = typeof init.body === "string" ? init.body : "{}";
    const payload: Json = JSON.parse(text === "" ? "{}" : text);
    const problems = violationsOf(this.#schema, rest, payload);
    this.violations.push(...problems);
    if (problems.length > 0) return refuse(400, `Bad Request: ${problems.join(", ")}`);
    await this.#waitIfHeld(rest);
    const answer = await this.#answer(rest, payload, init.signal ?? undefined);
    if (fault?.kind === "cut") throw Object.assign(new TypeError("cut"), { code: "ECONNRESET" });
    return answer;
  };

  /** Listens on loopback, for a program in another process. The caller stops the server. */
  serve(port = 0): Bun.Server<undefined> {
    return Bun.serve({
      port,
      hostname: "127.0.0.1",
      idleTimeout: 120,
      fetch: async (request) => {
        try {
          return await this.fetch(request.url, { body: await request.text(), signal: request.signal });
        } catch {
          return new Response("gone", { status: 502 });
        }
      },
    });
  }

  async #waitIfHeld(method: string): Promise<void> {
    const held = this.#held;
    if (held?.method !== method) return;
    this.#held = undefined;
    held.reached();
    await held.gate;
  }

  async #answer(method: string, payload: Json, signal: AbortSignal | undefined): Promise<Response> {
    switch (method) {
      case "getMe":
        return accept(BOT);
      case "getUpdates":
        return this.#getUpdates(payload, signal);
      case "deleteWebhook":
        this.webhook = false;
        return accept(true);
      case "sendMessage":
        return this.#send(payload);
      case "editMessageText":
        return this.#edit(payload);
      case "sendChatAction":
        this.actions.push(payload);
        return accept(true);
      case "answerCallbackQuery":
        this.answered.push(String(payload["callback_query_id"]));
        return accept(true);
      case "getFile":
        return this.#getFile(String(payload["file_id"]));
      default:
        this.violations.push(`${method} is not served`);
        return refuse(404, "Not Found: method not found");
    }
  }

  async #getUpdates(payload: Json, signal: AbortSignal | undefined): Promise<Response> {
    if (this.webhook) return refuse(409, "Conflict: can't use getUpdates method while webhook is active");
    this.#poll?.();
    const offset = Number(payload["offset"] ?? 0);
    this.#updates = this.#updates.filter((update) => update.update_id >= offset);
    const seconds = Number(payload["timeout"] ?? 0);
    const mine = ++this.#polls;
    if (this.#updates.length === 0 && seconds > 0) {
      const woken = new AbortController();
      this.#poll = () => woken.abort();
      const signals = signal === undefined ? [woken.signal] : [woken.signal, signal];
      await this.#clock.sleep(seconds * 1_000, AbortSignal.any(signals)).catch(() => undefined);
      if (signal?.aborted === true) throw Object.assign(new Error("aborted"), { name: "AbortError" });
    }
    if (mine !== this.#polls) return refuse(409, "Conflict: terminated by other getUpdates request");
    return accept(this.#updates.slice(0, Number(payload["limit"] ?? 100)));
  }

  #send(payload: Json): Response {
    const parsed = this.#parse(payload);
    if (typeof parsed === "string") return refuse(400, parsed);
    const thread = payload["message_thread_id"];
    const reply = payload["reply_parameters"];
    const message: SentMessage = {
      message_id: this.messageId(),
      chat: String(payload["chat_id"]),
      thread: typeof thread === "number" ? thread : undefined,
      replyTo: isObject(reply) && typeof reply["message_id"] === "number" ? reply["message_id"] : undefined,
      ...shownOf(parsed, payload),
      edits: 0,
    };
    this.sent.push(message);
    return accept({ ...telegramMessage(message), date: Math.floor(this.#clock.now() / 1_000) });
  }

  #edit(payload: Json): Response {
    const message = this.sent.find(
      (one) => one.message_id === payload["message_id"] && one.chat === String(payload["chat_id"]),
    );
    if (message === undefined) return refuse(400, "Bad Request: message to edit not found");
    const parsed = this.#parse(payload);
    if (typeof parsed === "string") return refuse(400, parsed);
    Object.assign(message, shownOf(parsed, payload), { edits: message.edits + 1 });
    return accept(telegramMessage(message));
  }

  #parse(payload: Json): ParsedHtml | string {
    const raw = String(payload["text"]);
    const plain = payload["parse_mode"] === undefined;
    const parsed = plain ? { text: raw, ringing: raw, links: [] } : parseHtml(raw);
    if (typeof parsed === "string") return `Bad Request: can't parse entities: ${parsed}`;
    if (parsed.text.trim() === "") return "Bad Request: message text is empty";
    if (parsed.text.length > 4_096) return "Bad Request: message is too long";
    if (!raw.isWellFormed()) return "Bad Request: strings must be encoded in UTF-8";
    for (const { value } of buttonsOf(payload)) {
      if (Buffer.byteLength(value) > 64) return "Bad Request: BUTTON_DATA_INVALID";
    }
    return parsed;
  }

  #getFile(file_id: string): Response {
    const content = this.files.get(file_id);
    if (content === undefined) return refuse(400, "Bad Request: invalid file_id");
    if (content.length > 20 * 1_048_576) return refuse(400, "Bad Request: file is too big");
    return accept({
      file_id,
      file_unique_id: file_id,
      file_size: content.length,
      file_path: `files/${file_id}`,
    });
  }

  #file(path: string): Response {
    const content = this.files.get(path.replace(/^files\//, ""));
    return content === undefined ? refuse(404, "Not Found") : new Response(content.slice());
  }
}

function accept(result: unknown): Response {
  return Response.json({ ok: true, result });
}

function refuse(error_code: number, description: string): Response {
  return Response.json({ ok: false, error_code, description }, { status: error_code });
}

function shownOf(
  parsed: ParsedHtml,
  payload: Json,
): Pick<SentMessage, "text" | "pings" | "links" | "buttons"> {
  const pings = [...parsed.ringing.matchAll(/(?<![\p{L}\p{N}_])@\w+/gu)].map(([name]) => name);
  return { text: parsed.text, pings, links: parsed.links, buttons: buttonsOf(payload) };
}

function buttonsOf(payload: Json): { text: string; value: string }[] {
  const markup = payload["reply_markup"];
  const rows = isObject(markup) && Array.isArray(markup["inline_keyboard"]) ? markup["inline_keyboard"] : [];
  return rows
    .flat()
    .flatMap((button: unknown) =>
      isObject(button) ? [{ text: String(button["text"]), value: String(button["callback_data"]) }] : [],
    );
}

function telegramMessage(message: SentMessage): Json {
  const chat = { id: Number(message.chat), type: "private", first_name: "A" };
  return { message_id: message.message_id, chat, from: BOT, text: message.text };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}
