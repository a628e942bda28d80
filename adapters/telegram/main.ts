/**
 * Telegram as an adapter: the Bot API by long polling (https://core.telegram.org/bots/api), grammY's client
 * and types. Credentials: `token`. Settings: `api-base` for a Bot API server of one's own.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import { pause } from "#kit/pause.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { type TelegramApi, telegramApi } from "./api.ts";
import type { ApiFailure } from "./failure.ts";
import type { Me } from "./inbound.ts";
import { closePrompt, renderAnswer, sendPiece, sendPrompt } from "./outbound.ts";
import { pollUpdates } from "./poll.ts";
import { typing } from "./typing.ts";

const API_ROOT = "https://api.telegram.org";
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** A refused token is looked at again now and then: an operator may have mended it at BotFather. */
const REFUSED_RETRY_MS = 5 * 60_000;
const WAIT_MS_MAX = 10 * 60_000;
const TOKEN = /^\d{3,20}:[\w-]{20,100}$/;

/** The definition that the kit runs, over the runtime's fetch. */
export const telegram: AdapterDefinition = telegramWith((url, init) => fetch(url, init));

/** The same over a `fetch` that is passed in; the configured proxy and certificates are put around it. */
export function telegramWith(base: PlatformFetch): AdapterDefinition {
  return {
    channel: "telegram",
    pacing: { burst: 3, refill_ms: 1_000 }, // Telegram: about one message a second in a chat, short bursts allowed
    make: (host, handoff) => {
      const token = handoff.secret("token");
      if (token === undefined || !token.use((text) => TOKEN.test(text))) {
        return fail("auth", "the bot token is missing or has not the shape of one", {
          hint: "wirken credentials rotate",
        });
      }
      const root = parseBaseUrl(handoff.setting("api-base") ?? API_ROOT);
      if (!root.ok) return root;
      const stop = new AbortController();
      const fetch = platformFetch(base, handoff);
      const api = telegramApi({ token, root: root.value, fetch, clock: host.clock, signal: stop.signal });
      return ok(adapterOf(host, api, stop));
    },
  };
}

function adapterOf(host: AdapterHost, api: TelegramApi, stop: AbortController): Adapter {
  const signs = typing(api, host.clock);
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => {
        signs.stop();
        stop.abort();
      });
      const trouble = troubleDesk(host, api, signal);
      while (!signal.aborted) {
        const me = await greet(api, trouble, signal);
        if (me === undefined) return;
        const polled = await pollOnce(host, api, me, trouble, signal);
        if (polled.ok) continue;
        host.report("degraded", polled.error.message);
        await pause(host.clock, RETRY_MS_MAX, signal);
      }
    },
    render: renderAnswer,
    send: (piece, to) => sendPiece(api, piece, to),
    prompt: (prompt) => sendPrompt(api, prompt),
    promptClosed: (closed, shown) => closePrompt(api, closed, shown),
    activity: (place, working) => signs.set(place, working),
  };
}

interface Trouble {
  /** Reports a failure and waits. False when the adapter stops first. */
  meet(failure: ApiFailure): Promise<boolean>;
  /** All is well again. */
  over(): void;
}

/** Learns the bot's own name; `undefined` when the adapter stops first. */
async function greet(api: TelegramApi, trouble: Trouble, signal: AbortSignal): Promise<Me | undefined> {
  while (!signal.aborted) {
    const me = await api.attempt((raw) => raw.getMe());
    if (me.ok) return { id: me.value.id, username: me.value.username };
    if (!(await trouble.meet(me.error))) return undefined;
  }
  return undefined;
}

/** Polls until something needs a new greeting. */
function pollOnce(
  host: AdapterHost,
  api: TelegramApi,
  me: Me,
  trouble: Trouble,
  signal: AbortSignal,
): Promise<Result<void, Fault>> {
  return pollUpdates({
    host,
    api,
    me,
    signal,
    onFailure: async (failure) => (await trouble.meet(failure)) && failure.kind !== "auth",
    onSuccess: () => {
      trouble.over();
      host.report("ready", `@${me.username}`);
    },
  });
}

function troubleDesk(host: AdapterHost, api: TelegramApi, signal: AbortSignal): Trouble {
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  let webhookDropped = false;
  return {
    meet: async (failure) => {
      if (signal.aborted) return false;
      switch (failure.kind) {
        case "auth":
          host.report("rejected", "Telegram refused the bot token: it was revoked, or never existed");
          return pause(host.clock, REFUSED_RETRY_MS, signal);
        case "conflict":
          if (failure.webhook && !webhookDropped) {
            webhookDropped = true; // polling and webhooks exclude each other; waiting updates are kept
            await api.attempt((raw) => raw.deleteWebhook({ drop_pending_updates: false }));
            return pause(host.clock, waits.next(), signal);
          }
          host.report("degraded", "another program takes this bot's messages: stop it, or revoke the token");
          return pause(host.clock, waits.next(), signal);
        case "rate":
          host.report("degraded", "Telegram asks to slow down");
          return pause(host.clock, Math.min(failure.afterMs, WAIT_MS_MAX), signal);
        case "refused":
          host.report("degraded", `Telegram refused a request (${failure.code})`);
          return pause(host.clock, waits.next(), signal);
        case "busy":
        case "unreached":
        case "unsure":
          host.report("degraded", "Telegram does not answer");
          return pause(host.clock, waits.next(), signal);
      }
    },
    over: () => waits.reset(),
  };
}
