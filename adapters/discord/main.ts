/**
 * Discord as an adapter: the gateway for events, the HTTP interface for everything else
 * (https://discord.com/developers/docs). Credentials: `token`. Settings: `api-base` for a server of one's own.
 */
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { type OpenSocket, platformSocket } from "#kit/platform-socket.ts";
import { typingSigns } from "#kit/typing.ts";
import { discordApi } from "./api.ts";
import { closePrompt, renderAnswer, sendPiece, sendPrompt } from "./outbound.ts";
import { runSessions } from "./run.ts";
import { isSnowflake } from "./snowflake.ts";

const API_ROOT = "https://discord.com/api/v10";
/** Discord shows a typing sign for ten seconds. */
const TYPING_MS = 9_000;
const TOKEN = /^[\w.-]{8,200}$/;

/** The definition that the kit runs, over the runtime's fetch and WebSocket. */
export const discord: AdapterDefinition = discordWith((url, init) => fetch(url, init));

/** The same over a `fetch` and sockets that are passed in; configured proxy and certificates are put around them. */
export function discordWith(base: PlatformFetch, open?: OpenSocket): AdapterDefinition {
  return {
    channel: "discord",
    pacing: { burst: 5, refill_ms: 1_000 }, // Discord: five messages in five seconds in a channel
    make: (host, handoff) => {
      const token = handoff.secret("token");
      if (token === undefined || !token.use((text) => TOKEN.test(text))) {
        return fail("auth", "the bot token is missing or has not the shape of one", {
          hint: "wirken credentials rotate",
        });
      }
      const root = parseBaseUrl(handoff.setting("api-base") ?? API_ROOT);
      if (!root.ok) return root;
      const fetch = platformFetch(base, handoff);
      return ok(adapterOf(host, { token, root: root.value, fetch, open: open ?? platformSocket(handoff) }));
    },
  };
}

interface Wires {
  readonly token: SecretString;
  readonly root: string;
  readonly fetch: PlatformFetch;
  readonly open: OpenSocket;
}

function adapterOf(host: AdapterHost, { token, root, fetch, open }: Wires): Adapter {
  const stop = new AbortController();
  const api = discordApi({ token, root, fetch, clock: host.clock, signal: stop.signal });
  const signs = typingSigns(host.clock, TYPING_MS, ({ conversation }) => {
    if (isSnowflake(conversation)) void api.call("POST", `/channels/${conversation}/typing`);
  });
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => {
        signs.stop();
        stop.abort();
      });
      await runSessions({ host, api, token, open, signal });
    },
    render: renderAnswer,
    send: (piece, to, key) => sendPiece(api, piece, to, key),
    prompt: (prompt) => sendPrompt(api, prompt),
    promptClosed: (closed, shown) => closePrompt(api, closed, shown),
    activity: (place, working) => signs.set(place, working),
  };
}
