/**
 * `wirken agents folder`: folders beside its workspace that an agent's boxed commands may use. Written here and nowhere
 * else, on the operator's terminal; the running program takes it from the next command on.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { agentFolders, giveFolder, takeFolder } from "#host/agent-folders.ts";
import { readConfigFile } from "#host/config-file.ts";
import { ensureFolder } from "#host/files.ts";
import type { Arguments, Group, Leaf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { table } from "../../output.ts";

const AGENT = { type: "string", description: "the agent", default: "default", valueHint: "ID" } as const;
const PATH = { type: "positional", description: "the folder", required: true } as const;

const add: Leaf = {
  description: "give an agent's boxed commands a folder",
  args: {
    path: PATH,
    agent: AGENT,
    read: { type: "boolean", description: "to read, and to run what is in it" },
    write: { type: "boolean", description: "also to change it; its old state is kept" },
  },
  json: true,
  run: async (context, args) => {
    const agent = agentOf(context, args);
    if (!agent.ok) return agent;
    if (args.flag("read") === args.flag("write")) return fail("usage", "say either --read or --write");
    const root = ensureFolder(context.paths.root);
    if (!root.ok) return root;
    const access = args.flag("write") ? "write" : "read";
    const given = giveFolder(context.paths, agent.value, args.text("path") ?? "", access);
    if (!given.ok) return given;
    const may = access === "write" ? "may change" : "may read";
    context.out.data(given.value, () => [`${agent.value} ${may} ${given.value.path}`]);
    return ok(0);
  },
};

const list: Leaf = {
  description: "list an agent's folders",
  args: { agent: AGENT },
  json: true,
  run: async (context, args) => {
    const agent = agentOf(context, args);
    if (!agent.ok) return agent;
    const folders = agentFolders(context.paths, agent.value);
    if (!folders.ok) return folders;
    context.out.data(folders.value, () =>
      table(
        ["folder", "access"],
        folders.value.map(({ path, access }) => [path, access]),
      ),
    );
    return ok(0);
  },
};

const remove: Leaf = {
  description: "take a folder back",
  args: { path: PATH, agent: AGENT },
  json: true,
  run: async (context, args) => {
    const agent = agentOf(context, args);
    if (!agent.ok) return agent;
    const path = args.text("path") ?? "";
    const taken = takeFolder(context.paths, agent.value, path);
    if (!taken.ok) return taken;
    context.out.data({ removed: path }, () => ["taken back"]);
    return ok(0);
  },
};

export const folder: Group = {
  description: "folders for an agent's boxed commands",
  children: {
    add: () => Promise.resolve(add),
    list: () => Promise.resolve(list),
    remove: () => Promise.resolve(remove),
  },
};

/** An agent that the configuration has. */
function agentOf(context: Context, args: Arguments): Result<string, Fault> {
  const agent = args.text("agent") ?? "default";
  const config = readConfigFile(context.paths.config);
  if (!config.ok) return config;
  const known = Object.keys(config.value.agents);
  return known.includes(agent) || (known.length === 0 && agent === "default")
    ? ok(agent)
    : fail("not_found", "there is no such agent", { hint: "`wirken agents list` shows them" });
}
