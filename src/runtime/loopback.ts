/** A server on 127.0.0.1 and nowhere else: the pages' and the webhooks' way to a port. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

const IDLE_SECONDS = 60; // four heartbeats: a page's stream is never idle that long

/** Answers one request. Who asks is not told: on loopback that would be a tunnel's own address. */
export type Answerer = (request: Request) => Response | Promise<Response>;

export interface Listener {
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** How a port is taken; tests pass one of their own. */
export type Listen = (port: number, answer: Answerer) => Result<Listener, Fault>;

/**
 * Listens on 127.0.0.1; port 0 lets the system choose one. Fails with `io`, reason `port_taken`.
 * @param hint what to do about a port that another program has
 * @param broken the answer to a request whose handling threw
 */
export function listenOnLoopback(hint: string, broken: () => Response): Listen {
  return (port, answer) => {
    try {
      const server = Bun.serve({
        hostname: "127.0.0.1",
        port,
        idleTimeout: IDLE_SECONDS,
        development: false,
        // Said outright: with `development: false` the runtime would share the port with another program.
        reusePort: false,
        fetch: answer,
        error: broken,
      });
      return ok({ port: server.port ?? port, close: () => server.stop(true) });
    } catch {
      return fail("io", `port ${port} on 127.0.0.1 cannot be bound`, { hint, reason: "port_taken" });
    }
  };
}
