/** Binds a page's application to its port on loopback, and to nothing else. */
import { listenOnLoopback } from "#runtime/loopback.ts";
import { answer } from "./headers.ts";

/** Listens on 127.0.0.1; see `Listen`. */
export const listen = listenOnLoopback(
  "another program may use it: set WIRKEN_WEBCHAT_PORT or WIRKEN_CONSOLE_PORT",
  () => answer(500, "text/plain; charset=utf-8", "internal error"),
);
