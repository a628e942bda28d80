/**
 * The web chat as an adapter: serves `web/chat` on loopback, hands signed requests to the gateway, and
 * streams what the gateway says to the open pages (docs/formats/pages.md). It sees its own conversations
 * alone and holds no secret.
 */
import { ok } from "#contracts/result.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { type PageServer, startPageServer } from "#pages/page-server.ts";
import { readOrigins, readPort } from "#pages/settings.ts";
import { chatActs } from "./acts.ts";
import { chatAssets } from "./assets.ts";
import { CHAT_ROUTES } from "./routes.ts";

export const DEFAULT_PORT = 18_790;

/** The definition that the kit runs. Settings: `port`, and `origins` as a JSON list. */
export const webchat: AdapterDefinition = {
  channel: "webchat",
  pacing: { burst: 10_000, refill_ms: 1 }, // a page on this computer has no limit to keep to
  make: (host, handoff) => {
    const port = readPort(handoff.setting("port"), DEFAULT_PORT);
    if (!port.ok) return port;
    const origins = readOrigins(handoff.setting("origins"));
    if (!origins.ok) return origins;
    const server = startPageServer({
      port: port.value,
      origins: origins.value,
      assets: chatAssets,
      routes: CHAT_ROUTES,
      acts: chatActs({ inbound: host.inbound, now: () => host.clock.now() }),
      ask: host.call,
      clock: host.clock,
      log: host.log,
    });
    return server.ok ? ok(adapterOf(host, server.value)) : server;
  },
};

function adapterOf(host: AdapterHost, server: PageServer): Adapter {
  // Messages, requests and outcomes reach the pages as events that the gateway makes from rows, the same as a
  // reload shows. The frames that carry them to other platforms have nothing to do here but to be
  // acknowledged.
  const shown = Promise.resolve({ kind: "sent", messageId: "" } as const);
  return {
    run: async (signal) => {
      host.report("ready", "");
      host.log.info("page.serving", { port: server.port });
      await ended(signal);
      await server.close();
    },
    render: (outbound) => [{ text: outbound.markdown, plain: outbound.markdown }],
    send: () => shown,
    prompt: () => shown,
    promptClosed: () => shown,
    event: (_name, body) => server.publish(body),
  };
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
