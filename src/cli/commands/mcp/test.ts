/** `wirken mcp test`: connects a server anew and says what came of it. */
import { FAULT_EXIT } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import type { Leaf } from "../../command.ts";
import { serverLines, toolLines } from "../../mcp-lines.ts";

export const test: Leaf = {
  description: "connect to a server anew and show what it says",
  args: { server: { type: "positional", description: "the server's name", required: true } },
  json: true,
  run: async (context, args) => {
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const tested = await connection.call("mcp_test", { server: args.text("server") ?? "" });
    if (!tested.ok) return tested;
    const { view, tookMs, stderr } = tested.value;
    context.out.data(tested.value, () => [
      ...serverLines([view]),
      `took ${String(tookMs)} ms${view.protocol === "" ? "" : `, protocol ${visible(view.protocol)}`}`,
      "",
      ...toolLines(view),
      ...(stderr === "" ? [] : ["", "its last words on its error stream:", visible(stderr)]),
    ]);
    return ok(view.state === "ready" ? 0 : FAULT_EXIT.unavailable);
  },
};
