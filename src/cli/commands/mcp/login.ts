/**
 * `wirken mcp login`: logs in to a remote server. The browser comes back to a listener of this command on loopback
 * (RFC 8252); what it brings is useless without the secret of the same attempt, which never leaves the proxy (PKCE).
 */
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import { openBrowser } from "../../browser.ts";
import type { Leaf } from "../../command.ts";
import { listenForLogin } from "../../login-listener.ts";

const WAIT_MS_MAX = 10 * 60_000;

export const login: Leaf = {
  description: "log in to a remote server in your browser",
  args: {
    server: { type: "positional", description: "the server's name", required: true },
    "no-open": { type: "boolean", description: "do not open a browser, only print the address" },
  },
  json: true,
  run: async (context, args) => {
    const server = args.text("server") ?? "";
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const listening = listenForLogin();
    if (!listening.ok) return listening;
    using listener = listening.value;
    const begun = await connection.call("mcp_login_begin", { server, redirect: listener.redirect });
    if (!begun.ok) return begun;
    context.out.say(`log in at: ${visible(begun.value.url)}`);
    if (!args.flag("no-open")) openBrowser(context.environment, begun.value.url);
    const answer = await listener.answer(context.clock, WAIT_MS_MAX, context.signal);
    if (answer === undefined) return fail("timeout", "nobody logged in within ten minutes");
    const finished = await connection.call("mcp_login_finish", { server, answer });
    if (!finished.ok) return finished;
    context.out.data({ server, ...finished.value }, () => [
      `logged in to ${server}; next: wirken mcp approve ${server}`,
    ]);
    return ok(0);
  },
};
