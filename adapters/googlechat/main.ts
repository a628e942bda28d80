/**
 * Google Chat as an adapter: the Chat API, interaction events over a webhook. Credentials: `service-account` (its key
 * file), `project-number`. Settings: `port`, `api-base`: a server in Google's place, with its tokens at `/token` and its
 * keys at `/keys`.
 */
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { dropFiles, takeFile } from "#kit/attachment.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import { chatOrder } from "#kit/chat-order.ts";
import { pause } from "#kit/pause.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { isServiceAccount, serviceAccountName, serviceTokens } from "#kit/service-token.ts";
import { type TokenJudge, bearerIn, tokenJudge } from "#kit/signed-token.ts";
import { challengeOf } from "#kit/webhook-keys.ts";
import {
  type WebhookEnd,
  type WebhookListen,
  type WebhookRoute,
  startWebhook,
  webhookListen,
  webhookPort,
} from "#kit/webhook.ts";
import { type ChatApi, chatApi } from "./api.ts";
import type { ChatFailure } from "./failure.ts";
import { readEvent } from "./inbound.ts";
import { type Way, closePrompt, renderAnswer, sendPiece, sendPrompt } from "./outbound.ts";

export const PATH = "/googlechat";
const API_ROOT = "https://chat.googleapis.com";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const ISSUER = "chat@system.gserviceaccount.com";
const KEYS_URL = `https://www.googleapis.com/service_accounts/v1/jwk/${ISSUER}`;
const SCOPE = "https://www.googleapis.com/auth/chat.bot";
const PROJECT_NUMBER = /^\d{5,20}$/;
const GOOD_MS = 15 * 60_000;
const REFUSED_MS = 5 * 60_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;

/** What the outside gives; tests pass their own. */
export interface Outside {
  readonly fetch: PlatformFetch;
  readonly listen: WebhookListen;
}

/** The definition that the kit runs, over the runtime's fetch and a port of this computer. */
export const googlechat: AdapterDefinition = googlechatWith({
  fetch: (url, init) => fetch(url, init),
  listen: webhookListen,
});

/** The same over an outside that is passed in; the configured proxy and certificates are put around its fetch. */
export function googlechatWith(outside: Outside): AdapterDefinition {
  return {
    channel: "googlechat",
    pacing: { burst: 3, refill_ms: 1_000 }, // Google: a message a second in a space
    make: (host, handoff) => {
      const account = handoff.secret("service-account");
      const audience = handoff.secret("project-number")?.use((text) => text.trim()) ?? "";
      if (account === undefined || !isServiceAccount(account) || !PROJECT_NUMBER.test(audience)) {
        return fail("auth", "a credential of Google Chat is missing or has not the shape of one", {
          hint: "wirken channel add googlechat stores them again",
        });
      }
      const own = handoff.setting("api-base");
      const root = parseBaseUrl(own ?? API_ROOT);
      if (!root.ok) return root;
      const port = webhookPort(handoff.setting("port"));
      if (!port.ok) return port;
      const at = (address: string, path: string): string => (own === undefined ? address : root.value + path);
      const net = { fetch: platformFetch(outside.fetch, handoff), clock: host.clock };
      const stop = new AbortController();
      const tokens = serviceTokens(
        { account, scope: SCOPE, url: at(TOKEN_URL, "/token"), audience: TOKEN_URL },
        net,
      );
      const api = chatApi({ ...net, tokens, root: root.value, signal: stop.signal });
      const judge = tokenJudge({ keysUrl: at(KEYS_URL, "/keys"), issuers: [ISSUER], audience }, net);
      const name = serviceAccountName(account);
      return ok(
        adapterOf(host, { api, judge, name, account, port: port.value, stop, listen: outside.listen }),
      );
    },
  };
}

interface Parts {
  readonly api: ChatApi;
  readonly judge: TokenJudge;
  readonly name: string;
  readonly account: SecretString;
  readonly port: number;
  readonly stop: AbortController;
  readonly listen: WebhookListen;
}

function adapterOf(host: AdapterHost, parts: Parts): Adapter {
  const { api, stop } = parts;
  let wake = new AbortController();
  const way: Way = {
    api,
    failed: (failure) => {
      if (failure.kind !== "auth") return;
      host.report("rejected", REJECTED);
      wake.abort();
    },
  };
  const watch = async (signal: AbortSignal): Promise<void> => {
    const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
    while (!signal.aborted) {
      wake = new AbortController();
      const good = await api.check();
      if (signal.aborted) return;
      if (good.ok) {
        waits.reset();
        host.report("ready", `@${parts.name}`);
      }
      const wait = good.ok ? GOOD_MS : waitAfter(host, good.error, () => waits.next());
      await pause(host.clock, wait, AbortSignal.any([signal, wake.signal]));
    }
  };
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => stop.abort());
      await Promise.all([serve(host, parts, signal), watch(signal)]);
    },
    render: renderAnswer,
    send: (piece, to, key) => sendPiece(way, piece, to, key),
    prompt: (prompt) => sendPrompt(way, prompt),
    promptClosed: (closed, shown) => closePrompt(way, closed, shown),
  };
}

const REJECTED = "Google refused the service account's key: it was deleted, or its project has no Chat API";

/** Reports a failure; answers how long to wait, in milliseconds. */
function waitAfter(host: AdapterHost, failure: ChatFailure, next: () => number): number {
  switch (failure.kind) {
    case "auth":
    case "blocked":
      host.report("rejected", REJECTED);
      return REFUSED_MS;
    case "rate":
      host.report("degraded", "Google asks to slow down");
      return Math.min(failure.afterMs, RETRY_MS_MAX);
    case "refused":
      host.report("degraded", "Google refused a request");
      return RETRY_MS_MAX;
    case "busy":
    case "unreached":
    case "unsure":
      host.report("degraded", "Google does not answer");
      return next();
  }
}

/** Holds the webhook's door open until the signal aborts. */
async function serve(host: AdapterHost, parts: Parts, signal: AbortSignal): Promise<void> {
  const route = routeOf(host, parts);
  while (!signal.aborted) {
    const door = startWebhook(route, { listen: parts.listen, clock: host.clock });
    if (!door.ok) {
      host.report("degraded", `${door.error.message}: no event of Google Chat can arrive`);
      await pause(host.clock, RETRY_MS_MAX, signal);
      continue;
    }
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await door.value.close();
  }
}

function routeOf(host: AdapterHost, { port, judge, api, account }: Parts): WebhookRoute {
  const order = chatOrder();
  return {
    port,
    path: PATH,
    challenge: challengeOf(account), // Google asks nothing; `wirken channel doctor` does
    reply: "{}", // an app that has nothing to say at once says so
    mayBeGenuine: (headers) => bearerIn(headers) !== "",
    isGenuine: async (_body, headers) => (await judge.claimsOf(bearerIn(headers))) !== undefined,
    take: (body) =>
      new Promise((resolve) => {
        const value = jsonOf(body);
        const event = readEvent(value);
        if (event === undefined) return resolve(value === undefined ? "unreadable" : "taken");
        const { conversation, kind } = event.draft;
        order.run(conversation, kind === "button", async () => resolve(await handOn(host, api, event)));
      }),
  };
}

async function handOn(
  host: AdapterHost,
  api: ChatApi,
  { draft, files }: NonNullable<ReturnType<typeof readEvent>>,
): Promise<WebhookEnd> {
  const parts = await Promise.all(
    files.map((file) => takeFile(file, () => api.openMedia(file.resource), host.spool)),
  );
  const ack = await host.inbound({ ...draft, parts: [...draft.parts, ...parts] });
  if (!ack.ok) return "again";
  if (ack.value !== "recorded") await dropFiles(parts, host.spool); // a stranger must not fill the disk
  await host.failPoint("cursor.written");
  return "taken";
}

function jsonOf(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return value;
  } catch {
    return undefined;
  }
}
