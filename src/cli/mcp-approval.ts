/** Letting a server's tools in: each new or changed definition is shown whole, then yes or no; no is the default. */
import type { McpView } from "#contracts/control-results.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { ControlClient } from "./client.ts";
import type { Context } from "./context.ts";
import { toolInFull } from "./mcp-lines.ts";

export interface ApprovalWish {
  /** Only these tools; all where it is empty. */
  readonly only: readonly string[];
  /** Said on the command line: nothing is asked. */
  readonly yes: boolean;
}

/** Shows what is not approved, asks, and approves exactly what was shown. Returns how many tools. */
export async function approveTools(
  context: Context,
  connection: ControlClient,
  view: McpView,
  { only, yes }: ApprovalWish,
): Promise<Result<number, Fault>> {
  const unknown = only.find((name) => !view.tools.some(({ tool }) => tool === name));
  if (unknown !== undefined) return fail("not_found", "the server has no tool of that name", LIST);
  const open = view.tools.filter(
    ({ tool, standing }) =>
      (standing === "new" || standing === "changed") && (only.length === 0 || only.includes(tool)),
  );
  if (open.length === 0) return ok(0);
  for (const tool of open) for (const line of toolInFull(tool)) context.out.say(line);
  const question = `Let your agents use ${open.length === 1 ? "this tool" : `these ${String(open.length)} tools`} of ${view.server}?`;
  if (!yes && !(await context.terminal.confirm(question))) return ok(0);
  const tools = open.map(({ tool, definition }) => ({ tool, definition }));
  const approved = await connection.call("mcp_approve", { server: view.server, tools });
  return approved.ok ? ok(approved.value.approved) : approved;
}

const LIST = { hint: "wirken mcp list" } as const;
