/**
 * A page's process in one call: the application, its events, its port. Used by the chat adapter and by the
 * console.
 */
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Assets } from "./assets.ts";
import { EventRing } from "./event-ring.ts";
import { gateOf } from "./gate.ts";
import { listen } from "./listen.ts";
import { type Act, type PageAppOptions, pageApp } from "./page-app.ts";

export interface PageServerOptions {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Further origins, as configured. */
  readonly origins: readonly string[];
  readonly assets: Assets;
  readonly routes: readonly string[];
  readonly acts: ReadonlyMap<string, Act>;
  readonly ask: PageAppOptions["ask"];
  readonly clock: Clock;
  readonly log: Log;
}

export interface PageServer {
  readonly port: number;
  /** Streams an event, which is JSON text, to every open page. */
  publish(json: string): void;
  close(): Promise<void>;
}

/** Starts the server. Faults: `config` for a bad origin, `io` for a port that is taken. */
export function startPageServer(options: PageServerOptions): Result<PageServer, Fault> {
  const checked = gateOf(options.port, options.origins);
  if (!checked.ok) return checked;
  const ring = new EventRing(options.clock.now());
  const ended = new AbortController();
  const listener = listen(options.port, (request) => app.fetch(request));
  if (!listener.ok) return listener;
  const { port, close } = listener.value;
  // With port 0 (tests) the system chose the port, and the gate must name that one. No request is read before
  // this turn of the event loop ends, so `app` is there when the first one is.
  const gate = port === options.port ? checked : gateOf(port, options.origins);
  if (!gate.ok) return gate;
  const app = pageApp({
    gate: gate.value,
    assets: options.assets,
    routes: new Set(options.routes),
    acts: options.acts,
    ask: options.ask,
    ring,
    clock: options.clock,
    log: options.log,
    signal: ended.signal,
  });
  return ok({
    port,
    // A line break outside of a JSON string is white space; inside the stream it would end the line.
    publish: (json) => ring.push(json.replaceAll(/[\r\n]/g, " ")),
    close: async () => {
      ended.abort();
      await close();
    },
  });
}
