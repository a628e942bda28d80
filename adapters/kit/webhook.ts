/**
 * A platform's way in: one path on one port of 127.0.0.1, which a tunnel or a reverse proxy carries to the internet. A
 * request is bounded before it is believed, believed before it is read, and answered with 200 only once the gateway
 * has what it says; until then the platform keeps it and sends it again.
 *
 * Headers of a proxy (`Forwarded`, `X-Forwarded-*`) are never looked at: nothing here depends on who seems to ask.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type BodyBytesRefusal, readBodyBytes } from "#runtime/body-bytes.ts";
import type { Clock } from "#runtime/clock.ts";
import { type Listen, type Listener, listenOnLoopback } from "#runtime/loopback.ts";
import { recentKeys } from "./dedup.ts";
import { fingerprint } from "./webhook-keys.ts";

/** Platforms send at most some hundred kilobytes an event; Meta names 3 MB as its largest. */
const BODY_BYTES_MAX = 3 * 1_048_576;
const BODY_MS_MAX = 10_000;
/** Bodies being read at a time: with the body's bound this is what strangers can make us hold. */
const READING_MAX = 32;
/** Genuine requests that wait for the gateway's word. */
const WAITING_MAX = 256;
/** Bodies remembered as taken: a repetition is answered at once, without files being fetched again. */
const TAKEN_MAX = 4_096;

/** What became of a request's events: `taken` only when every one is durable. */
export type WebhookEnd = "taken" | "again" | "unreadable";

export interface WebhookRoute {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** The one path, e.g. `/whatsapp`. */
  readonly path: string;
  /** A look at the headers before any byte of the body is read: what cannot be genuine costs nothing. */
  readonly mayBeGenuine: (headers: Headers) => boolean;
  /** Judges the raw bytes. What fails is answered with 401 and forgotten. */
  readonly isGenuine: (body: Uint8Array, headers: Headers) => boolean | Promise<boolean>;
  /** Hands a genuine request's events on. Resolves once they are safe, or cannot be. Must not throw. */
  readonly take: (body: Uint8Array) => Promise<WebhookEnd>;
  /** JSON in the body of a 200, where the platform reads it; without it the body is empty. */
  readonly reply?: string;
  /** Answers the platform's question whether the address is ours; `undefined` refuses it with 403. */
  readonly challenge?: (query: URLSearchParams) => string | undefined;
}

/** How a webhook takes its port. */
export type WebhookListen = Listen;

/** The way of the product. */
export const webhookListen: WebhookListen = listenOnLoopback(
  "another program may use it: give the channel another with `wirken channel add … --port`",
  () => said(500),
);

/** Starts the server. Fails with `io` when the port is taken. */
export function startWebhook(
  route: WebhookRoute,
  ports: { readonly listen: WebhookListen; readonly clock: Clock },
): Result<Listener, Fault> {
  return ports.listen(route.port, webhookAnswerer(route, ports.clock));
}

const REFUSED = { too_large: 413, slow: 408, cut: 400 } as const satisfies Record<BodyBytesRefusal, number>;
const ENDED = { again: 503, unreadable: 400 } as const satisfies Record<Exclude<WebhookEnd, "taken">, number>;

/** The route as a function of a request, for `startWebhook` and for tests. */
export function webhookAnswerer(route: WebhookRoute, clock: Clock): (request: Request) => Promise<Response> {
  const taken = recentKeys(TAKEN_MAX);
  const running = new Map<string, Promise<WebhookEnd>>();
  let reading = 0;
  const read = async (request: Request): ReturnType<typeof readBodyBytes> => {
    reading += 1;
    try {
      return await readBodyBytes(request, { bytesMax: BODY_BYTES_MAX, msMax: BODY_MS_MAX, clock });
    } finally {
      reading -= 1;
    }
  };
  const post = async (request: Request): Promise<Response> => {
    const body = await read(request);
    if (!body.ok) return said(REFUSED[body.error]);
    if (!(await route.isGenuine(body.value, request.headers))) return said(401);
    const key = fingerprint(body.value);
    if (taken.has(key)) return acknowledged(route);
    // A platform that grew impatient repeats a request while the first one is under way: they share one end.
    const known = running.get(key);
    if (known === undefined && running.size >= WAITING_MAX) return said(503);
    const end = known ?? route.take(body.value).finally(() => running.delete(key));
    running.set(key, end);
    const word = await end;
    if (word !== "taken") return said(ENDED[word]);
    taken.add(key);
    return acknowledged(route);
  };
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== route.path) return said(404);
    if (request.method === "GET") return challenged(route, searchParams);
    if (request.method !== "POST") return said(405);
    if (!route.mayBeGenuine(request.headers)) return said(401);
    return reading < READING_MAX ? await post(request) : said(503);
  };
}

function challenged({ challenge }: WebhookRoute, query: URLSearchParams): Response {
  if (challenge === undefined) return said(405);
  const answer = challenge(query);
  return answer === undefined ? said(403) : said(200, answer);
}

function acknowledged({ reply }: WebhookRoute): Response {
  return reply === undefined ? said(200) : said(200, reply, "application/json; charset=utf-8");
}

/** By default plain text that no browser takes for anything else; the status says all that a stranger needs to know. */
function said(status: number, text = "", type = "text/plain; charset=utf-8"): Response {
  return new Response(text, {
    status,
    headers: {
      "content-type": type,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}

/** The port that a channel was given, from its hand-off. Fails with `config`. */
export function webhookPort(text: string | undefined): Result<number, Fault> {
  const port = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return ok(port);
  return fail("config", "the channel has no port to listen on", { hint: "wirken channel add … --port" });
}
