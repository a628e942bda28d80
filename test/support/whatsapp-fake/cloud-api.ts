/**
 * A strict Cloud API: every call is checked with Meta's own rules, and what they forbid is an error that is written
 * down. It repeats a webhook's request until it is answered with 200, as Meta does, and fails on demand.
 */
import { createHmac } from "node:crypto";
import type { Answerer } from "#runtime/loopback.ts";
import type { Clock } from "#runtime/clock.ts";
import { type CloudSchema, cloudSchema, violationsOf } from "./schema.ts";

export const FAKE_TOKEN = "EAAfake0token0of0the0strict0cloud0api";
export const APP_SECRET = "0123456789abcdef0123456789abcdef";
export const PHONE_NUMBER_ID = "106540352242922";
export const NUMBER = "+1 555-078-3881";
const VERSION = "v23.0";
const RETRY_MS = 500;
const PATIENCE_MS = 5_000;

/** How the next send goes wrong. */
export type Fault =
  | { readonly kind: "answer"; readonly status: number; readonly code: number; readonly retryAfter?: string }
  /** Does it, then breaks the connection. */
  | { readonly kind: "cut" }
  /** There is no connection. */
  | { readonly kind: "unreached" }
  /** Accepts it, and says over the webhook that it did not go out. */
  | { readonly kind: "later"; readonly code: number };

export interface SentMessage {
  readonly id: string;
  readonly to: string;
  readonly type: string;
  readonly text: string;
  readonly replyTo: string;
  readonly template: string;
  readonly buttons: readonly { readonly text: string; readonly value: string }[];
}

type Json = Record<string, unknown>;
type File = { readonly bytes: Uint8Array; readonly url?: string };

export class CloudApiFake {
  readonly sent: SentMessage[] = [];
  /** Messages that were marked as read with a typing sign. */
  readonly typed: string[] = [];
  readonly violations: string[] = [];
  readonly files = new Map<string, File>();
  /** Addresses that were asked with our token. */
  readonly asked: string[] = [];
  revoked = false;
  /** Where webhooks go; none while nobody listens. */
  receiver: Answerer | undefined;
  /** Answers of the receiver that were no 200. */
  readonly refused: number[] = [];
  /** Says of each message that it was sent. */
  receipts = true;
  /** Where this server can be reached, for addresses of files. */
  origin = "https://graph.facebook.com";
  readonly #schema: CloudSchema = cloudSchema();
  readonly #clock: Clock;
  readonly #faults: Fault[] = [];
  readonly #lanes = new Map<string, Promise<void>>();
  #next = 1;
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A fresh message id. */
  messageId(): string {
    return `wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQ${(this.#next++).toString(36).toUpperCase()}A=`;
  }

  /** The next sends go wrong, one fault each. */
  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Webhooks on their way. */
  get undelivered(): number {
    return this.#lanes.size;
  }

  /** Delivers a request, in order within its lane, until it is answered with 200. */
  push(lane: string, payload: object, sign: (body: string) => string = signed): void {
    const body = JSON.stringify(payload);
    const work: Promise<void> = (this.#lanes.get(lane) ?? Promise.resolve())
      .then(() => this.#deliver(body, sign(body)))
      .finally(() => {
        if (this.#lanes.get(lane) === work) this.#lanes.delete(lane);
      });
    this.#lanes.set(lane, work);
  }

  /** Stops repeating. */
  end(): void {
    this.#ended = true;
  }

  async #deliver(body: string, signature: string): Promise<void> {
    while (!this.#ended) {
      const request = new Request("https://tunnel.example/whatsapp", {
        method: "POST",
        body,
        headers: { "content-type": "application/json", "x-hub-signature-256": signature },
      });
      const giveUp = new AbortController();
      const late = this.#clock.sleep(PATIENCE_MS, giveUp.signal).catch(() => undefined);
      const answer = this.receiver === undefined ? undefined : Promise.resolve(this.receiver(request));
      const status = await Promise.race([late, answer?.then((got) => got.status).catch(() => undefined)]);
      giveUp.abort();
      if (status === 200) return;
      if (status !== undefined) this.refused.push(status);
      await this.#clock.sleep(RETRY_MS);
    }
  }

  /** The server as a `fetch`. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    if (new Headers(init.headers).get("authorization") !== `Bearer ${FAKE_TOKEN}`) return refuse(401, 190);
    this.asked.push(url);
    if (this.revoked) return refuse(401, 190);
    if (pathname.startsWith("/files/")) return this.#file(pathname.slice("/files/".length));
    if (!pathname.startsWith(`/${VERSION}/`)) return this.#object(`unknown path ${pathname}`);
    const rest = pathname.slice(VERSION.length + 2);
    if (init.method === "POST" && rest === `${PHONE_NUMBER_ID}/messages`)
      return await this.#messages(init.body);
    if (init.method !== "GET") return this.#object(`unknown call ${init.method} ${rest}`);
    if (rest === PHONE_NUMBER_ID) return this.#me(searchParams);
    const file = this.files.get(rest);
    if (file === undefined) return refuse(400, 100);
    const found = file.url ?? `${this.origin}/files/${rest}`;
    return Response.json({ messaging_product: "whatsapp", id: rest, url: found, mime_type: "text/plain" });
  };

  /** Listens on loopback, for a program in another process. The caller stops the server. */
  serve(): Bun.Server<undefined> {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { method, headers, url } = request;
        const body = method === "POST" ? await request.text() : null;
        try {
          return await this.fetch(url, { method, headers, body });
        } catch {
          return new Response("gone", { status: 502 });
        }
      },
    });
    this.origin = new URL(server.url).origin;
    return server;
  }

  #me(query: URLSearchParams): Response {
    const proof = query.get("appsecret_proof");
    const due = createHmac("sha256", APP_SECRET).update(FAKE_TOKEN).digest("hex");
    if (proof !== null && proof !== due)
      return refuse(400, 100, "Invalid appsecret_proof provided in the API argument");
    return Response.json({ id: PHONE_NUMBER_ID, display_phone_number: NUMBER });
  }

  #file(id: string): Response {
    const file = this.files.get(id);
    return file === undefined ? refuse(404, 100) : new Response(file.bytes.slice());
  }

  async #messages(body: RequestInit["body"]): Promise<Response> {
    const fault = this.#faults.shift();
    if (fault?.kind === "unreached") throw Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" });
    if (fault?.kind === "answer") return refuse(fault.status, fault.code, "x", fault.retryAfter);
    const call: Json = JSON.parse(typeof body === "string" ? body : "{}");
    if (call["status"] === "read") return this.#read(call);
    const type = String(call["type"]);
    const rule = { text: "TextMessage", interactive: "InteractiveMessage", template: "TemplateMessage" }[
      type
    ];
    if (rule === undefined) return this.#object(`unknown type ${type}`);
    const problems = [...violationsOf(this.#schema, rule, call), ...proseViolations(call)];
    if (problems.length > 0) return this.#object(...problems);
    const message = this.#take(call);
    if (fault?.kind === "later") this.#tell(message, "failed", fault.code);
    else if (this.receipts) this.#tell(message, "sent", 0);
    if (fault?.kind === "cut") throw Object.assign(new TypeError("cut"), { code: "ECONNRESET" });
    const contacts = [{ input: message.to, wa_id: message.to }];
    return Response.json({ messaging_product: "whatsapp", contacts, messages: [{ id: message.id }] });
  }

  #read(call: Json): Response {
    const keys = Object.keys(call).toSorted().join();
    if (keys !== "message_id,messaging_product,status,typing_indicator")
      return this.#object("a strange read receipt");
    this.typed.push(String(call["message_id"]));
    return Response.json({ success: true });
  }

  #take(call: Json): SentMessage {
    const text = member(call, "text", "body") ?? member(call, "interactive", "body", "text") ?? "";
    const buttons = member(call, "interactive", "action", "buttons");
    const message: SentMessage = {
      id: this.messageId(),
      to: String(call["to"]),
      type: String(call["type"]),
      text: String(text),
      replyTo: String(member(call, "context", "message_id") ?? ""),
      template: String(member(call, "template", "name") ?? ""),
      buttons: (Array.isArray(buttons) ? buttons : []).map((button: unknown) => ({
        text: String(member(button, "reply", "title")),
        value: String(member(button, "reply", "id")),
      })),
    };
    this.sent.push(message);
    return message;
  }

  #tell({ id, to }: SentMessage, status: string, code: number): void {
    const errors = code === 0 ? {} : { errors: [{ code, title: "x" }] };
    const timestamp = String(Math.floor(this.#clock.now() / 1_000));
    this.push(
      `status ${id}`,
      payloadOf({ statuses: [{ id, status, timestamp, recipient_id: to, ...errors }] }),
    );
  }

  #object(...problems: readonly string[]): Response {
    this.violations.push(...problems);
    return refuse(400, 100, problems.join(", "));
  }
}

/** A webhook's payload of our number around a part of its value. */
export function payloadOf(value: object, phoneNumberId = PHONE_NUMBER_ID): object {
  const metadata = { display_phone_number: "15550783881", phone_number_id: phoneNumberId };
  const change = { field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } };
  return { object: "whatsapp_business_account", entry: [{ id: "102290129340398", changes: [change] }] };
}

/** The signature that Meta sends with a body. */
export function signed(body: string): string {
  return `sha256=${createHmac("sha256", APP_SECRET).update(body).digest("hex")}`;
}

/** What Meta says in prose alone: lengths of texts, distinct buttons. */
function proseViolations(call: Json): readonly string[] {
  const text = String(member(call, "text", "body") ?? "x");
  const buttons = member(call, "interactive", "action", "buttons");
  const titles = (Array.isArray(buttons) ? buttons : []).map((button: unknown) =>
    member(button, "reply", "title"),
  );
  return [
    ...(text === "" || [...text].length > 4_096 ? ["a text is empty or longer than 4,096"] : []),
    ...(new Set(titles).size < titles.length || titles.includes("")
      ? ["two buttons say the same, or nothing"]
      : []),
    ...(/^\d{5,20}$/.test(String(call["to"])) ? [] : ["to is no number"]),
  ];
}

function member(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (found, key) =>
      typeof found === "object" && found !== null ? new Map(Object.entries(found)).get(key) : undefined,
    value,
  );
}

function refuse(status: number, code: number, message = "x", retryAfter?: string): Response {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return Response.json(
    { error: { message, type: "OAuthException", code, fbtrace_id: "x" } },
    { status, headers },
  );
}
