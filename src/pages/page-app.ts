/**
 * The web application of a page's process, chat and console alike: gate, limits, assets, and the way of a
 * signed request to the gateway (docs/formats/pages.md). It decides nothing and remembers no one: a request
 * without a valid signature is the gateway's to refuse.
 */
import { Hono } from "hono";
import { FAULT_STATUS, type Fault, fail, fault } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { PageAuth, PageRequest } from "#contracts/page-api.ts";
import type { Result } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { allowance } from "#runtime/allowance.ts";
import type { Assets } from "./assets.ts";
import { readAuth } from "./auth.ts";
import { type BodyRefusal, readBody } from "./body.ts";
import type { EventRing } from "./event-ring.ts";
import { type Gate, type GateRefusal, admit } from "./gate.ts";
import { answer } from "./headers.ts";
import { ndjson } from "./stream.ts";

const JSON_TYPE = "application/json";
const STREAM_PATH = /^\/api\/stream\?after=(0|[1-9][0-9]{0,15})$/;

/** What a process does itself once the gateway has accepted a request, e.g. send an inbound frame. */
export type Act = (body: string, auth: PageAuth) => Promise<Result<string, Fault>>;

export interface PageAppOptions {
  readonly gate: Gate;
  readonly assets: Assets;
  /** Paths of the POST routes beside `/api/register`. */
  readonly routes: ReadonlySet<string>;
  /** Routes that end in this process. They run only after the gateway answered `{"accepted":true}`. */
  readonly acts: ReadonlyMap<string, Act>;
  /** Asks the gateway: `page` or `page_register`. */
  readonly ask: (method: "page" | "page_register", body: string) => Promise<Result<string, Fault>>;
  readonly ring: EventRing;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends open streams. */
  readonly signal: AbortSignal;
}

/** Builds the application; its `fetch` answers every request and never throws. */
export function pageApp(options: PageAppOptions): { fetch(request: Request): Response | Promise<Response> } {
  const spare = allowance(LIMITS.page_requests_per_minute_max, options.clock);
  const app = new Hono();
  app.use(async (context, next) => {
    const { req } = context;
    const api = req.path.startsWith("/api/");
    const admitted = admit(options.gate, { method: req.method, headers: req.raw.headers, api });
    if (!admitted.ok) {
      options.log.warn("page.refused", { rule: admitted.error });
      return refuse(GATE_FAULTS[admitted.error]);
    }
    if (api && !spare.take()) {
      return refuse(fault("limit", "too many requests in a minute", { hint: "wait a moment and try again" }));
    }
    await next();
    return undefined;
  });
  app.get("/api/stream", (context) => stream(options, context.req.raw));
  app.post("/api/register", (context) => register(options, context.req.raw));
  for (const route of options.routes) app.post(route, (context) => forward(options, context.req.raw));
  app.get("*", ({ req }) => {
    const asset = options.assets.get(req.path);
    return asset === undefined ? notFound() : answer(200, asset.type, asset.body);
  });
  app.notFound(() => notFound());
  app.onError((error) => {
    options.log.warn("page.bug", { name: error.name }); // a message may quote a body
    return refuse(fault("internal", "the page's process met a bug", { hint: "look at the process's log" }));
  });
  return { fetch: (request) => app.fetch(request) };
}

async function register(options: PageAppOptions, request: Request): Promise<Response> {
  const body = await jsonBody(options, request);
  if (!body.ok) return refuse(body.error);
  return reply(await options.ask("page_register", body.value));
}

async function forward(options: PageAppOptions, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (search !== "") return notFound();
  const auth = readAuth(request.headers);
  if (!auth.ok) return refuse(UNSIGNED);
  const body = await jsonBody(options, request);
  if (!body.ok) return refuse(body.error);
  const answered = await askPage(options, {
    httpMethod: "POST",
    path: pathname,
    body: body.value,
    auth: auth.value,
  });
  const act = options.acts.get(pathname);
  if (!answered.ok || act === undefined || !isAccepted(answered.value)) return reply(answered);
  return reply(await act(body.value, auth.value));
}

async function stream(options: PageAppOptions, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const path = pathname + search;
  const after = STREAM_PATH.exec(path)?.[1];
  if (after === undefined) return notFound();
  const auth = readAuth(request.headers);
  if (!auth.ok) return refuse(UNSIGNED);
  const answered = await askPage(options, { httpMethod: "GET", path, body: "", auth: auth.value });
  if (!answered.ok) return refuse(answered.error);
  const signal = AbortSignal.any([request.signal, options.signal]);
  const bytes = ndjson({ ring: options.ring, after: Number(after), clock: options.clock, signal });
  return answer(200, "application/x-ndjson", bytes);
}

function askPage(options: PageAppOptions, request: PageRequest): Promise<Result<string, Fault>> {
  return options.ask("page", JSON.stringify(request));
}

/**
 * A POST's body: JSON by its exact content type, within the limits. Whether it *is* JSON is the gateway's to
 * see.
 */
async function jsonBody(options: PageAppOptions, request: Request): Promise<Result<string, Fault>> {
  if (request.headers.get("content-type") !== JSON_TYPE) {
    return fail("usage", "the content type must be application/json", { reason: "content_type" });
  }
  const bounds = {
    bytesMax: LIMITS.page_body_bytes_max,
    msMax: LIMITS.page_body_ms_max,
    clock: options.clock,
  };
  const body = await readBody(request, bounds);
  return body.ok ? body : { ok: false, error: BODY_FAULTS[body.error] };
}

function isAccepted(body: string): boolean {
  return body.replaceAll(/\s/g, "") === '{"accepted":true}';
}

function reply(result: Result<string, Fault>): Response {
  return result.ok ? answer(200, JSON_TYPE, result.value) : refuse(result.error);
}

function refuse(value: Fault): Response {
  const status = value.reason === "too_large" ? 413 : FAULT_STATUS[value.code];
  const response = answer(status, JSON_TYPE, JSON.stringify({ error: value }));
  // What was not read of a body would go on arriving for as long as the sender likes.
  if (UNREAD.has(value.reason)) response.headers.set("connection", "close");
  return response;
}

function notFound(): Response {
  return refuse(fault("not_found", "there is nothing under this path"));
}

const UNSIGNED = fault("auth", "the request is not signed", {
  hint: "run `wirken open`",
  reason: "unsigned",
});

/** Refusals that leave a body unread. */
const UNREAD: ReadonlySet<string | undefined> = new Set(["slow", "too_large"]);

const GATE_FAULTS = {
  host: fault("refused", "the host is not one of this page's", { reason: "host" }),
  origin: fault("refused", "the origin is not this page's", { reason: "origin" }),
  fetch_site: fault("refused", "another site asked", { reason: "fetch_site" }),
} as const satisfies Record<GateRefusal, Fault>;

const BODY_FAULTS = {
  too_large: fault("limit", "the body is too large", { reason: "too_large" }),
  not_text: fault("usage", "the body is not UTF-8 text", { reason: "not_text" }),
  cut: fault("usage", "the body ended early", { reason: "cut" }),
  slow: fault("usage", "the body took too long", { reason: "slow" }),
} as const satisfies Record<BodyRefusal, Fault>;
