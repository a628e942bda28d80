/** Binds a page's application to its port on loopback, and to nothing else. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { answer } from "./headers.ts";

const IDLE_SECONDS = 60; // four heartbeats: a stream is never idle that long

export interface Listener {
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. A fault `io` when the port is taken; port 0 lets the system choose one. */
export function listen(
  port: number,
  fetch: (request: Request) => Response | Promise<Response>,
): Result<Listener, Fault> {
  try {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port,
      idleTimeout: IDLE_SECONDS,
      development: false,
      // Said outright: with `development: false` the runtime would share the port with another program.
      reusePort: false,
      fetch,
      error: () => answer(500, "text/plain; charset=utf-8", "internal error"),
    });
    return ok({ port: server.port ?? port, close: () => server.stop(true) });
  } catch {
    return fail("io", `port ${port} on 127.0.0.1 cannot be bound`, {
      hint: "another program may use it: set WIRKEN_WEBCHAT_PORT or WIRKEN_CONSOLE_PORT",
      reason: "port_taken",
    });
  }
}
