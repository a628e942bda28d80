/** What the operator's command line asks about MCP servers. */
import type { ControlParams } from "#contracts/control.ts";
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import type { ControlTable } from "./control-methods.ts";
import type { McpDesk } from "./mcp-desk.ts";

/** A handshake and a list of tools have 30 seconds each. */
const TEST_MS_MAX = 90_000;
const LOGIN_MS_MAX = 60_000;
const BY = "cli";

/** The methods. */
export function mcpMethods(mcp: McpDesk) {
  return {
    mcp_list: async () => ok(mcp.list()),
    mcp_test: async ({ server }: ControlParams<"mcp_test">) => {
      const tested = await mcp.link.ask("test", { server }, TEST_MS_MAX);
      if (!tested.ok) return tested;
      const { view, tookMs, stderr } = tested.value;
      return ok({ view: mcp.viewOf(view), tookMs, stderr });
    },
    mcp_approve: async ({ server, tools }: ControlParams<"mcp_approve">) => {
      const approved = await mcp.approve(server, tools, BY);
      return approved.ok ? ok({ approved: approved.value }) : approved;
    },
    mcp_login_begin: (params: ControlParams<"mcp_login_begin">) =>
      mcp.link.ask("login_begin", params, LOGIN_MS_MAX),
    mcp_login_finish: (params: ControlParams<"mcp_login_finish">) =>
      mcp.link.ask("login_finish", params, LOGIN_MS_MAX),
    mcp_logout: (params: ControlParams<"mcp_logout">) => mcp.link.ask("logout", params, LOGIN_MS_MAX),
    mcp_forget: async ({ server }: ControlParams<"mcp_forget">) => {
      if (mcp.link.view(server) !== undefined) {
        return fail("refused", "the server is still in mcp.json", { hint: "wirken mcp remove" });
      }
      return ok({ forgotten: await mcp.forget(server, BY) });
    },
  } satisfies Partial<ControlTable>;
}
