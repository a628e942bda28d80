/** Where a browser comes back to after a login: one path on a port of loopback, for one answer. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";

export interface LoginListener extends Disposable {
  /** The address that the browser is sent to. */
  readonly redirect: string;
  /** The query of the first answer; `undefined` when none came in time. */
  answer(clock: Clock, msMax: number, signal: AbortSignal): Promise<string | undefined>;
}

const PATH = "/callback";
const QUERY_CHARS_MAX = 8_192;

/** Listens on a port of the system's choice. */
export function listenForLogin(): Result<LoginListener, Fault> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let server: Bun.Server<undefined>;
  try {
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        const url = new URL(request.url);
        const isAnswer =
          url.pathname === PATH && (url.searchParams.has("code") || url.searchParams.has("error"));
        if (request.method !== "GET" || !isAnswer || url.search.length > QUERY_CHARS_MAX) {
          return new Response("not found", { status: 404 });
        }
        resolve(url.search.slice(1));
        return new Response("Done. You can close this page and go back to the terminal.", {
          headers: { "content-type": "text/plain; charset=utf-8", "referrer-policy": "no-referrer" },
        });
      },
    });
  } catch {
    return fail("io", "no port on loopback could be opened for the login");
  }
  return ok({
    redirect: `http://127.0.0.1:${String(server.port)}${PATH}`,
    answer: async (clock, msMax, signal) => {
      const cancel = clock.after(msMax, () => resolve(undefined));
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
      try {
        return await promise;
      } finally {
        cancel();
      }
    },
    [Symbol.dispose]: () => void server.stop(),
  });
}
