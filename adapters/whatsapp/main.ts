/**
 * WhatsApp as an adapter: Meta's Cloud API (https://developers.facebook.com/docs/whatsapp/cloud-api), events over a
 * webhook. Credentials: `token`, `app-secret`, `phone-number-id`. Settings: `port`, `api-base`, `template`.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import type { AdapterHandoff } from "#kit/handoff.ts";
import { pause } from "#kit/pause.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { typingSigns } from "#kit/typing.ts";
import {
  type WebhookListen,
  type WebhookRoute,
  startWebhook,
  webhookListen,
  webhookPort,
} from "#kit/webhook.ts";
import { challengeOf, isSigned } from "#kit/webhook-keys.ts";
import { API_ROOT, type CloudApi, cloudApi } from "./api.ts";
import { health } from "./health.ts";
import { type Intake, intake } from "./intake.ts";
import { type Way, closePrompt, renderAnswer, sendPiece, sendPrompt, settled } from "./outbound.ts";
import { receiptDesk } from "./receipts.ts";
import { type Template, parseTemplate, reopening } from "./reopening.ts";

export const PATH = "/whatsapp";
const SIGNATURE = "x-hub-signature-256";
const TOKEN = /^[\x21-\x7e]{20,1024}$/;
const APP_SECRET = /^[0-9a-f]{32}$/;
const PHONE_NUMBER_ID = /^\d{5,32}$/;
/** Meta shows a typing sign for 25 seconds. */
const TYPING_MS = 20_000;
const PORT_RETRY_MS = 30_000;

/** What the outside gives; tests pass their own. */
export interface Outside {
  readonly fetch: PlatformFetch;
  readonly listen: WebhookListen;
}

/** The definition that the kit runs, over the runtime's fetch and a port of this computer. */
export const whatsapp: AdapterDefinition = whatsappWith({
  fetch: (url, init) => fetch(url, init),
  listen: webhookListen,
});

/** The same over an outside that is passed in; the configured proxy and certificates are put around its fetch. */
export function whatsappWith(outside: Outside): AdapterDefinition {
  return {
    channel: "whatsapp",
    pacing: { burst: 20, refill_ms: 6_000 }, // Meta: bursts are allowed and paid back at one message in six seconds
    make: (host, handoff) => {
      const found = settingsOf(handoff);
      if (!found.ok) return found;
      const stop = new AbortController();
      const api = cloudApi({
        ...found.value,
        fetch: platformFetch(outside.fetch, handoff),
        clock: host.clock,
        signal: stop.signal,
      });
      return ok(adapterOf(host, { ...found.value, api, stop, listen: outside.listen }));
    },
  };
}

interface Settings {
  readonly token: SecretString;
  readonly appSecret: SecretString;
  readonly phoneNumberId: string;
  readonly root: string;
  readonly port: number;
  readonly template: Template | undefined;
}

function settingsOf(handoff: AdapterHandoff): Result<Settings, Fault> {
  const token = handoff.secret("token");
  const appSecret = handoff.secret("app-secret");
  const phoneNumberId = handoff.secret("phone-number-id")?.use((text) => text.trim()) ?? "";
  const areThere =
    token?.use((text) => TOKEN.test(text)) === true &&
    appSecret?.use((text) => APP_SECRET.test(text)) === true;
  if (token === undefined || appSecret === undefined || !areThere || !PHONE_NUMBER_ID.test(phoneNumberId)) {
    return fail("auth", "a credential of WhatsApp is missing or has not the shape of one", {
      hint: "wirken channel add whatsapp stores them again",
    });
  }
  const root = parseBaseUrl(handoff.setting("api-base") ?? API_ROOT);
  if (!root.ok) return root;
  const port = webhookPort(handoff.setting("port"));
  if (!port.ok) return port;
  const named = handoff.setting("template");
  const template = named === undefined ? undefined : parseTemplate(named);
  if (named !== undefined && template === undefined) {
    return fail("config", "the template is not written as name:language", {
      hint: "e.g. please_write:en_US",
    });
  }
  return ok({ token, appSecret, phoneNumberId, root: root.value, port: port.value, template });
}

interface Parts extends Settings {
  readonly api: CloudApi;
  readonly stop: AbortController;
  readonly listen: WebhookListen;
}

function adapterOf(host: AdapterHost, parts: Parts): Adapter {
  const { api, stop, phoneNumberId, template } = parts;
  const receipts = receiptDesk(host.clock);
  const desk = intake({ host, api, receipts, phoneNumberId });
  const watch = health(host, api);
  const nudge = reopening(template, api, host);
  const way: Way = { api, receipts, reopening: nudge, failed: watch.failed };
  const signs = typingSigns(host.clock, TYPING_MS, ({ conversation }) => {
    const latest = desk.latest(conversation);
    if (latest !== "") void api.typing(latest);
  });
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => {
        signs.stop();
        stop.abort();
      });
      await Promise.all([serve(host, parts, desk, signal), watch.watch(signal)]);
    },
    render: renderAnswer,
    send: (piece, to) => sendPiece(way, piece, to),
    settled: (messageId, to) => settled(way, messageId, to.conversation),
    prompt: (prompt) => sendPrompt(way, prompt),
    promptClosed: (closed, shown) => closePrompt(way, closed, shown),
    activity: (place, working) => signs.set(place, working),
  };
}

/** Holds the webhook's door open until the signal aborts. */
async function serve(host: AdapterHost, parts: Parts, desk: Intake, signal: AbortSignal): Promise<void> {
  const route = routeOf(parts, desk);
  while (!signal.aborted) {
    const door = startWebhook(route, { listen: parts.listen, clock: host.clock });
    if (!door.ok) {
      host.report("degraded", `${door.error.message}: no event of WhatsApp can arrive`);
      await pause(host.clock, PORT_RETRY_MS, signal);
      continue;
    }
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await door.value.close();
  }
}

function routeOf({ port, appSecret }: Parts, desk: Intake): WebhookRoute {
  const signatureIn = (headers: Headers): string =>
    /^sha256=([0-9a-f]{64})$/i.exec(headers.get(SIGNATURE) ?? "")?.[1] ?? "";
  return {
    port,
    path: PATH,
    mayBeGenuine: (headers) => signatureIn(headers) !== "",
    isGenuine: (body, headers) => isSigned(appSecret, body, signatureIn(headers)),
    take: desk.take,
    challenge: challengeOf(appSecret),
  };
}
