/**
 * A strict Google Chat: token, keys and the calls of the Chat API that we make, each checked by hand against Google's
 * reference (https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages); what is unknown is an
 * error that is written down. Events carry a token signed with a key of its own. As Google, it sends an event once.
 */
import { type KeyObject, generateKeyPairSync, sign } from "node:crypto";
import type { Clock } from "#runtime/clock.ts";
import type { Answerer } from "#runtime/loopback.ts";

export const PROJECT_NUMBER = "123456789012";
export const ACCOUNT = "wirken-bot@lab.iam.gserviceaccount.com";
const ISSUER = "chat@system.gserviceaccount.com";
const LIFE_S = 3_600;

/** How the next send goes wrong. */
export type Fault =
  | { readonly kind: "answer"; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: "cut" }
  | { readonly kind: "unreached" };

export interface SentMessage {
  readonly name: string;
  readonly space: string;
  readonly thread: string;
  text: string;
  buttons: readonly { readonly text: string; readonly value: string }[];
}

type Json = Record<string, unknown>;

export interface GoogleKeys {
  readonly signing: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** The account's key file. */
  readonly file: string;
}

/** Keys of a whole test file: making them takes a moment. */
export function googleKeys(): GoogleKeys {
  const signing = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const private_key = own.privateKey.export({ type: "pkcs8", format: "pem" });
  const file = { type: "service_account", private_key_id: "own1", private_key, client_email: ACCOUNT };
  return { signing, file: JSON.stringify(file) };
}

export class ChatApiFake {
  readonly sent: SentMessage[] = [];
  readonly violations: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  revoked = false;
  /** Repeats what was not taken, which Google does not: for the suite's crashes. */
  insists = false;
  readonly statuses: number[] = [];
  readonly #keys: GoogleKeys;
  readonly #clock: Clock;
  readonly #faults: Fault[] = [];
  readonly #lanes = new Map<string, Promise<void>>();
  #next = 1;
  #token = "ya29.first";
  #receiver: Answerer | undefined;
  #changed = Promise.withResolvers<undefined>();

  constructor(clock: Clock, keys: GoogleKeys) {
    this.#clock = clock;
    this.#keys = keys;
  }

  /** Where events go. Another one is another life: whoever waits for an answer of the one before gives up. */
  get receiver(): Answerer | undefined {
    return this.#receiver;
  }
  set receiver(receiver: Answerer | undefined) {
    this.#receiver = receiver;
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers<undefined>();
  }

  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  messageName(space: string): string {
    return `${space}/messages/M${this.#next++}.M`;
  }

  get undelivered(): number {
    return this.#lanes.size;
  }

  /** A token as Google sends it with events. */
  token(claims: object = {}): string {
    const now = Math.floor(this.#clock.now() / 1_000);
    const whole = { iss: ISSUER, aud: PROJECT_NUMBER, iat: now, exp: now + LIFE_S, ...claims };
    const text = `${encoded({ alg: "RS256", kid: "google1", typ: "JWT" })}.${encoded(whole)}`;
    return `${text}.${base64url(sign("sha256", new TextEncoder().encode(text), this.#keys.signing.privateKey))}`;
  }

  /** Sends an event, in order within its lane. */
  push(lane: string, event: object): void {
    const work: Promise<void> = (this.#lanes.get(lane) ?? Promise.resolve())
      .then(() => this.#deliver(event))
      .finally(() => {
        if (this.#lanes.get(lane) === work) this.#lanes.delete(lane);
      });
    this.#lanes.set(lane, work);
  }

  async #deliver(event: object): Promise<void> {
    do {
      const request = new Request("https://tunnel.example/googlechat", {
        method: "POST",
        body: JSON.stringify(event),
        headers: { "content-type": "application/json", authorization: `Bearer ${this.token()}` },
      });
      const answer = this.#receiver === undefined ? undefined : Promise.resolve(this.#receiver(request));
      const status = await Promise.race([
        this.#changed.promise,
        answer?.then((got) => got.status).catch(() => 0),
      ]);
      if (status !== undefined) this.statuses.push(status);
      if (status === 200) return;
      await this.#clock.sleep(500);
    } while (this.insists);
  }

  /** The server as a `fetch`, for Google's addresses and for a server in its place. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    if (pathname === "/token") return this.#give(init.body);
    if (pathname === "/keys" || pathname.startsWith("/service_accounts/v1/jwk/")) {
      const jwk = this.#keys.signing.publicKey.export({ format: "jwk" });
      return Response.json({ keys: [{ ...jwk, kid: "google1", use: "sig" }] });
    }
    if (new Headers(init.headers).get("authorization") !== `Bearer ${this.#token}` || this.revoked)
      return refuse(401);
    if (init.method === "GET" && pathname === "/v1/spaces") return Response.json({ spaces: [] });
    const [, space = "", id = ""] = /^\/v1\/(spaces\/\w+)\/messages(?:\/([\w.]+))?$/.exec(pathname) ?? [];
    if (init.method === "POST" && space !== "" && id === "")
      return this.#create(space, searchParams, init.body);
    if (init.method === "PATCH" && id !== "")
      return this.#update(`${space}/messages/${id}`, searchParams, init.body);
    const file = this.files.get(pathname.slice("/v1/media/".length));
    if (file !== undefined && searchParams.get("alt") === "media") return new Response(file.slice());
    return this.#object(`unknown call ${init.method ?? "GET"} ${pathname}`);
  };

  /** Listens on loopback, for a program in another process. The caller stops the server. */
  serve(): Bun.Server<undefined> {
    return Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { method, headers, url } = request;
        const body = method === "GET" ? null : await request.text();
        return await this.fetch(url, { method, headers, body }).catch(
          () => new Response("gone", { status: 502 }),
        );
      },
    });
  }

  #give(body: RequestInit["body"]): Response {
    const asked: Json = JSON.parse(typeof body === "string" ? body : "{}");
    const [head = "", claims = "", signature = ""] = String(asked["assertion"]).split(".");
    if (this.revoked) return Response.json({ error: "invalid_grant" }, { status: 400 });
    const said: Json = JSON.parse(Buffer.from(claims, "base64url").toString() || "{}");
    const good =
      asked["grant_type"] === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
      said["iss"] === ACCOUNT &&
      said["aud"] === "https://oauth2.googleapis.com/token" &&
      said["scope"] === "https://www.googleapis.com/auth/chat.bot" &&
      head !== "" &&
      signature !== "";
    if (!good) return this.#object("an assertion that Google would not take");
    this.#token = `ya29.token${this.#next++}`;
    return Response.json({ access_token: this.#token, expires_in: LIFE_S, token_type: "Bearer" });
  }

  #create(space: string, query: URLSearchParams, body: RequestInit["body"]): Response {
    const fault = this.#faults.shift();
    if (fault?.kind === "unreached") throw Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" });
    if (fault?.kind === "answer") return refuse(fault.status, fault.retryAfter);
    const call: Json = JSON.parse(typeof body === "string" ? body : "{}");
    const problems = [
      ...surplus("query", [...query.keys()], ["requestId", "messageReplyOption"]),
      ...surplus("message", Object.keys(call), ["text", "cardsV2", "thread"]),
      ...textProblems(call["text"]),
      ...cardProblems(call["cardsV2"]),
    ];
    if (problems.length > 0) return this.#object(...problems);
    const thread = String(member(call, "thread", "name") ?? "");
    const name = this.messageName(space);
    this.sent.push({ name, space, thread, text: String(call["text"]), buttons: buttonsOf(call["cardsV2"]) });
    if (fault?.kind === "cut") throw Object.assign(new TypeError("cut"), { code: "ECONNRESET" });
    return Response.json({ name, text: call["text"] });
  }

  #update(name: string, query: URLSearchParams, body: RequestInit["body"]): Response {
    const call: Json = JSON.parse(typeof body === "string" ? body : "{}");
    const message = this.sent.find((one) => one.name === name);
    if (message === undefined) return refuse(404);
    const problems = [
      ...surplus("message", Object.keys(call), ["text", "cardsV2"]),
      ...textProblems(call["text"]),
      ...cardProblems(call["cardsV2"]),
      ...(query.get("updateMask") === "text,cardsV2" ? [] : ["a strange updateMask"]),
    ];
    if (problems.length > 0) return this.#object(...problems);
    message.text = String(call["text"]);
    message.buttons = buttonsOf(call["cardsV2"]);
    return Response.json({ name });
  }

  #object(...problems: readonly string[]): Response {
    this.violations.push(...problems);
    return refuse(400);
  }
}

function surplus(where: string, keys: readonly string[], known: readonly string[]): readonly string[] {
  return keys.filter((key) => !known.includes(key)).map((key) => `${where}.${key} is unknown`);
}

function textProblems(text: unknown): readonly string[] {
  const good = typeof text === "string" && text !== "" && text.length <= 4_096 && text.isWellFormed();
  return good ? [] : ["text is missing, too long or no text"];
}

function cardProblems(cards: unknown): readonly string[] {
  if (cards === undefined) return [];
  if (!Array.isArray(cards)) return ["cardsV2 is no list"];
  return cards.flatMap((card: unknown) => [
    ...(typeof member(card, "cardId") === "string" ? [] : ["a card without its id"]),
    ...(Array.isArray(member(card, "card", "sections")) ? [] : ["a card without sections"]),
    ...buttonsOf([card]).flatMap(({ text, value }) =>
      text === "" || value === "" ? ["an empty button"] : [],
    ),
  ]);
}

function buttonsOf(cards: unknown): readonly { readonly text: string; readonly value: string }[] {
  return listOf(cards)
    .flatMap((card) => listOf(member(card, "card", "sections")))
    .flatMap((section) => listOf(member(section, "widgets")))
    .flatMap((widget) => listOf(member(widget, "buttonList", "buttons")))
    .map((button) => ({
      text: String(member(button, "text") ?? ""),
      value: String(member(listOf(member(button, "onClick", "action", "parameters"))[0], "value") ?? ""),
    }));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function member(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (found, key) =>
      typeof found === "object" && found !== null ? new Map(Object.entries(found)).get(key) : undefined,
    value,
  );
}

function refuse(status: number, retryAfter?: string): Response {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return Response.json({ error: { code: status, message: "x", status: "X" } }, { status, headers });
}

function encoded(value: object): string {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
