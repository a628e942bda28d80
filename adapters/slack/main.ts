/**
 * Slack as an adapter: Socket Mode for what comes in, the Web API for what goes out (https://docs.slack.dev).
 * Credentials: `token` (the bot's, `xoxb-`) and `app-token` (the app's, `xapp-`, for the socket alone).
 * Settings: `api-base`.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import type { AdapterHandoff } from "#kit/handoff.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { type OpenSocket, platformSocket } from "#kit/platform-socket.ts";
import { pause } from "#kit/pause.ts";
import { type SlackApi, slackApi } from "./api.ts";
import { histories } from "./catch-up.ts";
import { type Me, readMe } from "./identity.ts";
import { intake } from "./intake.ts";
import { slackNames } from "./names.ts";
import { closePrompt, renderAnswer, sendPiece, sendPrompt } from "./outbound.ts";
import { openSeen } from "./seen.ts";
import { socketMode } from "./socket-mode.ts";
import { type Trouble, troubleDesk } from "./trouble.ts";

const API_ROOT = "https://slack.com/api";
const RETRY_MS = 60_000;
/** The bot token is looked at this often: the socket belongs to the app, and outlives it. */
const VERIFY_MS = 10 * 60_000;
const BOT_TOKEN = /^xoxb-[\w-]{10,250}$/;
const APP_TOKEN = /^xapp-[\w-]{10,250}$/;

/** The definition that the kit runs, over the runtime's network. */
export const slack: AdapterDefinition = slackWith((url, init) => fetch(url, init), platformSocket);

/** The same over a network that is passed in. */
export function slackWith(
  base: PlatformFetch,
  socketFor: (handoff: AdapterHandoff) => OpenSocket,
): AdapterDefinition {
  return {
    channel: "slack",
    pacing: { burst: 3, refill_ms: 1_000 }, // Slack: one message a second in a channel, short bursts allowed
    make: (host, handoff) => {
      const token = tokenOf(handoff, "token", BOT_TOKEN);
      if (!token.ok) return token;
      const appToken = tokenOf(handoff, "app-token", APP_TOKEN);
      if (!appToken.ok) return appToken;
      const root = parseBaseUrl(handoff.setting("api-base") ?? API_ROOT);
      if (!root.ok) return root;
      const network = {
        root: root.value,
        fetch: platformFetch(base, handoff),
        openSocket: socketFor(handoff),
      };
      return ok(adapterOf(host, { token: token.value, appToken: appToken.value }, network));
    },
  };
}

function tokenOf(handoff: AdapterHandoff, name: string, shape: RegExp): Result<SecretString, Fault> {
  const token = handoff.secret(name);
  if (token?.use((text) => shape.test(text)) === true) return ok(token);
  return fail("auth", `the credential ${name} is missing or has not the shape of one`, {
    hint: "wirken channel add slack",
  });
}

interface Tokens {
  readonly token: SecretString;
  readonly appToken: SecretString;
}

interface Network {
  readonly root: string;
  readonly fetch: PlatformFetch;
  readonly openSocket: OpenSocket;
}

function adapterOf(host: AdapterHost, tokens: Tokens, network: Network): Adapter {
  const stop = new AbortController();
  let onRefused = (): void => undefined;
  const shared = { ...network, clock: host.clock, signal: stop.signal };
  const api = slackApi({ ...shared, token: tokens.token, onRefused: () => onRefused() });
  const app = slackApi({ ...shared, token: tokens.appToken, onRefused: () => undefined });
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => stop.abort(), { once: true });
      const trouble = troubleDesk(host, signal);
      while (!signal.aborted) {
        const me = await greet(api, trouble, signal);
        if (me === undefined) return;
        const ended = new AbortController();
        onRefused = () => ended.abort(); // the bot's token failed: greet again, and say so
        const served = await serve(
          { host, api, app, me, trouble, ...network, onRevoked: () => ended.abort() },
          AbortSignal.any([signal, ended.signal]),
        );
        onRefused = () => undefined;
        if (served.ok) continue;
        host.report("degraded", served.error.message);
        await pause(host.clock, RETRY_MS, signal);
      }
    },
    render: renderAnswer,
    send: (piece, to) => sendPiece(api, piece, to),
    prompt: (prompt) => sendPrompt(api, prompt),
    promptClosed: (closed, shown) => closePrompt(api, closed, shown),
  };
}

/** Learns who the bot is; `undefined` when the adapter stops first. */
async function greet(api: SlackApi, trouble: Trouble, signal: AbortSignal): Promise<Me | undefined> {
  while (!signal.aborted) {
    const answer = await api.post("auth.test", {});
    const me = answer.ok ? readMe(answer.value) : undefined;
    if (me !== undefined) return me;
    const isGoingOn = await trouble.meet(
      "bot",
      answer.ok ? { kind: "refused", reason: "other" } : answer.error,
    );
    if (!isGoingOn) return undefined;
  }
  return undefined;
}

interface ServePorts extends Network {
  readonly host: AdapterHost;
  readonly api: SlackApi;
  readonly app: SlackApi;
  readonly me: Me;
  readonly trouble: Trouble;
  readonly onRevoked: () => void;
}

/** Receives until the signal aborts. A fault is the state folder's. */
async function serve(ports: ServePorts, signal: AbortSignal): Promise<Result<void, Fault>> {
  const { host, api, app, me, trouble, onRevoked } = ports;
  const seen = await openSeen(host.state, host.clock);
  if (!seen.ok) return seen;
  const names = slackNames(api, host.clock);
  const events = intake({
    host,
    api,
    me,
    names,
    seen: seen.value,
    histories: histories({ api, me, clock: host.clock }),
    onRevoked,
  });
  let lastGapMs = host.clock.monotonic();
  void every(host, VERIFY_MS, signal, async () => {
    await api.post("auth.test", {}); // a refusal ends the stream through `onRefused`
    // So long after an absence Slack has offered for the last time what it had not got rid of.
    if (events.isIdle && host.clock.monotonic() - lastGapMs >= VERIFY_MS) await seen.value.settle();
  });
  await socketMode(
    {
      host,
      api: app,
      root: ports.root,
      openSocket: ports.openSocket,
      onEnvelope: events.take,
      onReady: (gap) => {
        trouble.over();
        host.report("ready", `@${me.name}`);
        if (!gap) return;
        lastGapMs = host.clock.monotonic();
        void events.missed(signal);
      },
      onFailure: (failure) => trouble.meet("app", failure),
    },
    signal,
  );
  return ok(undefined);
}

/** Runs `work` again and again, `ms` apart, until the signal aborts. */
async function every(
  host: AdapterHost,
  ms: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (await pause(host.clock, ms, signal)) await work();
}
