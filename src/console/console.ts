/**
 * The operator's page: serves `web/console` on loopback, hands signed requests to the gateway, and streams
 * what the gateway says. It reads neither the log nor the vault; everything it shows it asks for
 * (docs/formats/pages.md).
 */
import type { Fault } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import type { ApprovalPrompt, PromptClosed } from "#contracts/message.ts";
import type { ChatItem } from "#contracts/page-api.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { type PageServer, startPageServer } from "#pages/page-server.ts";
import { consoleAssets } from "./assets.ts";
import { CONSOLE_ROUTES } from "./routes.ts";

/** The connection to the gateway as the console uses it; `src/ipc`'s `Connection` is one. */
export interface ConsoleLink {
  call(method: string, body: string, timeoutMs: number): Promise<Result<string, Fault>>;
  listen(handlers: {
    readonly onPayload: (payload: Payload) => void;
    readonly onClose: (reason: string) => void;
  }): void;
  close(): void;
}

export interface ConsolePorts {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Further origins, as configured. */
  readonly origins: readonly string[];
  readonly link: ConsoleLink;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once the page answers, with the port it answers on. */
  readonly onServing?: (port: number) => void;
}

/** Verification of a large log is the longest thing that a page asks for. */
const ANSWER_MS_MAX = 120_000;

/**
 * Serves until the gateway says stop (`stopped`) or the connection ends (`lost`).
 * Faults: `config` for a bad origin, `io` for a port that is taken.
 */
export async function runConsole(ports: ConsolePorts): Promise<Result<"stopped" | "lost", Fault>> {
  const { link } = ports;
  const server = startPageServer({
    port: ports.port,
    origins: ports.origins,
    assets: consoleAssets,
    routes: CONSOLE_ROUTES,
    acts: new Map(),
    ask: (method, body) => link.call(method, body, ANSWER_MS_MAX),
    clock: ports.clock,
    log: ports.log,
  });
  if (!server.ok) {
    link.close();
    return server;
  }
  ports.log.info("page.serving", { port: server.value.port });
  const { promise, resolve } = Promise.withResolvers<"stopped" | "lost">();
  link.listen({
    onPayload: (payload) => receive(payload, server.value, () => resolve("stopped")),
    onClose: () => resolve("lost"),
  });
  ports.onServing?.(server.value.port);
  const end = await promise;
  await server.value.close();
  link.close();
  return ok(end);
}

function receive(payload: Payload, server: PageServer, stop: () => void): void {
  if (payload.kind === "stop") stop();
  if (payload.kind === "event") server.publish(payload.body);
  if (payload.kind === "prompt") server.publish(approvalEvent(payload.prompt, null));
  if (payload.kind === "promptClosed") server.publish(STATE_EVENT);
}

/** Tells the page to ask again; the outcome itself is in the timeline. */
const STATE_EVENT = '{"type":"state"}';

function approvalEvent(prompt: ApprovalPrompt, closed: PromptClosed | null): string {
  const item: ChatItem = { type: "approval", prompt, closed };
  return JSON.stringify({ type: "item", conversation: prompt.conversation, item });
}
