/**
 * Signal as an adapter, over a signal-cli daemon of the operator (https://github.com/AsamK/signal-cli, its
 * `daemon --http`). Credentials: `account`, the number that signal-cli has. Settings: `api-base`, where its HTTP
 * interface is.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject, textMember } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import { pause } from "#kit/pause.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { typingSigns } from "#kit/typing.ts";
import type { RpcFailure } from "./failure.ts";
import { type Health, healthOf } from "./health.ts";
import { type Inbox, openInbox } from "./inbox.ts";
import type { Me } from "./inbound.ts";
import { closePrompt, renderAnswer, sendPiece, sendPrompt, targetOf } from "./outbound.ts";
import { type SignalRpc, signalRpc } from "./rpc.ts";
import { readEvents } from "./sse.ts";

/** Signal's apps show a typing sign for 15 seconds. */
const TYPING_MS = 10_000;
/** signal-cli gives a sign of life every 15 seconds. */
const SILENCE_MS_MAX = 45_000;
const STATE_RETRY_MS = 60_000;
const NUMBER = /^\+[1-9]\d{6,14}$/;

/** The definition that the kit runs, over the runtime's fetch. */
export const signal: AdapterDefinition = signalWith((url, init) => fetch(url, init));

/** The same over a `fetch` that is passed in; the configured proxy and certificates are put around it. */
export function signalWith(base: PlatformFetch): AdapterDefinition {
  return {
    channel: "signal",
    pacing: { burst: 5, refill_ms: 1_000 }, // Signal names no figure; what people type stays far below this
    make: (host, handoff) => {
      const account = handoff.secret("account")?.use((text) => (NUMBER.test(text) ? text : undefined));
      if (account === undefined) {
        return fail("auth", "the account's number is missing or has not the shape of one", {
          hint: "wirken channel add signal stores it: + and digits, with the country's code",
        });
      }
      const named = handoff.setting("api-base");
      if (named === undefined) {
        return fail("config", "config.json does not say where signal-cli listens", {
          hint: "wirken channel add signal --api-base http://127.0.0.1:PORT",
        });
      }
      const root = parseBaseUrl(named);
      if (!root.ok) return root;
      const stop = new AbortController();
      const fetch = platformFetch(base, handoff);
      const ports = { account, root: root.value, fetch, clock: host.clock, signal: stop.signal };
      return ok(adapterOf(host, account, healthOf(host, account, signalRpc(ports)), stop));
    },
  };
}

function adapterOf(host: AdapterHost, account: string, health: Health, stop: AbortController): Adapter {
  const { rpc } = health;
  const signs = typingSigns(host.clock, TYPING_MS, ({ conversation }) => {
    const target = targetOf(conversation);
    if (target !== undefined) void rpc.call("sendTyping", target);
  });
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => {
        signs.stop();
        stop.abort();
      });
      while (!signal.aborted) {
        const inbox = await openInbox({ host, rpc, onUntrusted: () => health.untrusted() });
        const ended = inbox.ok ? await receiveAll(host, account, health, inbox.value, signal) : inbox;
        if (ended.ok) return;
        host.report("degraded", ended.error.message);
        await pause(host.clock, STATE_RETRY_MS, signal);
      }
    },
    render: renderAnswer,
    send: (piece, to) => sendPiece(rpc, piece, to),
    prompt: (prompt) => sendPrompt(rpc, prompt),
    promptClosed: (closed, shown) => closePrompt(rpc, closed, shown),
    activity: (place, working) => signs.set(place, working),
  };
}

/** Receives until the signal aborts, over as many connections as it takes. A fault is the state folder's. */
async function receiveAll(
  host: AdapterHost,
  account: string,
  health: Health,
  inbox: Inbox,
  signal: AbortSignal,
): Promise<Result<void, Fault>> {
  while (!signal.aborted) {
    const me = await greet(account, health.rpc);
    if (!me.ok) {
      await health.meet(me.error, signal);
      continue;
    }
    health.well();
    await inbox.resume(me.value);
    const ended = await receiveOnce(host, health, inbox, me.value, signal);
    if (!ended.ok) return ended;
    if (!signal.aborted) await health.meet(ended.value, signal);
  }
  return ok(undefined);
}

/** Makes sure that signal-cli has the account, and learns its immutable id where it can. */
async function greet(account: string, rpc: SignalRpc): Promise<Result<Me, RpcFailure>> {
  const accounts = await rpc.call("listAccounts", {});
  if (!accounts.ok) return accounts;
  const known: readonly unknown[] = Array.isArray(accounts.value) ? accounts.value : [];
  if (!known.some((one) => isJsonObject(one) && one["number"] === account)) return err({ kind: "account" });
  const self = await rpc.call("listContacts", { recipient: [account], allRecipients: true });
  const found: readonly unknown[] = self.ok && Array.isArray(self.value) ? self.value : [];
  const own = found.find((one) => isJsonObject(one) && one["number"] === account);
  return ok({ number: account, uuid: isJsonObject(own) ? textMember(own, "uuid").toLowerCase() : "" });
}

/** One connection: hands events to the inbox until it breaks, and says why. */
async function receiveOnce(
  host: AdapterHost,
  health: Health,
  inbox: Inbox,
  me: Me,
  signal: AbortSignal,
): Promise<Result<RpcFailure, Fault>> {
  const silence = new AbortController();
  const listen = (): (() => void) => host.clock.after(SILENCE_MS_MAX, () => silence.abort());
  let cancel = listen();
  try {
    const stream = await health.rpc.events(inbox.position, AbortSignal.any([signal, silence.signal]));
    if (!stream.ok) return ok(stream.error);
    await inbox.opened();
    for await (const events of readEvents(stream.value)) {
      cancel();
      cancel = listen();
      health.alive();
      const taken = await inbox.take(events, me);
      if (!taken.ok) return taken;
    }
  } catch {
    // The connection broke; the error's text would hold the address.
  } finally {
    cancel();
  }
  return ok({ kind: "unreached" });
}
