/** `wirken mcp approve`: look at what a server is and offers, and let it in. */
import { ok } from "#contracts/result.ts";
import { isStdio } from "#contracts/mcp-config.ts";
import { checkPin, pinProgram } from "#host/program-pin.ts";
import type { Leaf } from "../../command.ts";
import { approveTools } from "../../mcp-approval.ts";
import { appearedServer, applyServers, changeServers, searchPath, serverEntry } from "../../mcp-servers.ts";

export const approve: Leaf = {
  description: "show a server's new and changed tools (and its program, when that changed) and let them in",
  args: {
    server: { type: "positional", description: "the server's name", required: true },
    tool: { type: "string", description: "only this tool; may be given again", valueHint: "NAME" },
    yes: { type: "boolean", description: "do not ask" },
  },
  json: true,
  run: async (context, args) => {
    const name = args.text("server") ?? "";
    const yes = args.flag("yes");
    const entry = serverEntry(context, name);
    if (!entry.ok) return entry;
    if (isStdio(entry.value) && !checkPin(entry.value).ok) {
      const pin = pinProgram(entry.value, searchPath());
      if (!pin.ok) return pin;
      const { command, sha256, files } = pin.value;
      context.out.say(`the program: ${command}, sha256 ${sha256}`);
      for (const [path, hash] of Object.entries(files)) context.out.say(`  with ${path}, sha256 ${hash}`);
      if (!yes && !(await context.terminal.confirm(`Let this program run as ${name}?`))) return ok(0);
      const next = { ...entry.value, pin: pin.value };
      const written = changeServers(context, (servers) => ({ ...servers, [name]: next }));
      if (!written.ok) return written;
      const applied = await applyServers(context);
      if (!applied.ok) return applied;
    }
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const there = await appearedServer(context, connection, name);
    if (!there.ok) return there;
    const tested = await connection.call("mcp_test", { server: name });
    if (!tested.ok) return tested;
    const { view } = tested.value;
    const approved = await approveTools(context, connection, view, { only: args.all("tool"), yes });
    if (!approved.ok) return approved;
    const open = view.tools.filter(({ standing }) => standing !== "approved").length - approved.value;
    context.out.data({ server: name, approved: approved.value, open, state: view.state }, () => [
      view.state === "ready"
        ? `approved ${String(approved.value)} tools of ${name}; ${String(open)} are not`
        : `${name} is not ready: ${view.detail}`,
    ]);
    return ok(0);
  },
};
