/** `wirken mcp list`. */
import { ok } from "#contracts/result.ts";
import type { Leaf } from "../../command.ts";
import { serverLines, toolLines } from "../../mcp-lines.ts";

export const list: Leaf = {
  description: "list the servers, their state and their tools",
  args: { server: { type: "positional", description: "only this server", required: false } },
  json: true,
  run: async (context, args) => {
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const listed = await connection.call("mcp_list", {});
    if (!listed.ok) return listed;
    const name = args.text("server");
    const views = listed.value.filter(({ server }) => name === undefined || server === name);
    context.out.data(views, () => [
      ...serverLines(views),
      ...views.flatMap((view) => (view.tools.length === 0 ? [] : ["", ...toolLines(view)])),
    ]);
    return ok(0);
  },
};
