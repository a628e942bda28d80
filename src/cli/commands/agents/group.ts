/** `wirken agents`: the agents, their models and their published keys. */
import type { Group, Leaf } from "../../command.ts";
import { table } from "../../output.ts";
import { callAndShow } from "../../remote.ts";

const list: Leaf = {
  description: "list the agents",
  args: {},
  json: true,
  run: (context) =>
    callAndShow(context, "agents_list", {}, (views) =>
      table(
        ["agent", "model", "up to tier", "workspace"],
        views.map((view) => [
          view.agent,
          `${view.provider} · ${view.model}`,
          String(view.maxTier),
          view.workspace,
        ]),
      ),
    ),
};

const show: Leaf = {
  description: "show an agent: model, workspace, keys, standing instructions",
  args: { agent: { type: "positional", description: "the agent's id", required: true } },
  json: true,
  run: (context, args) =>
    callAndShow(context, "agents_show", { agent: args.text("agent") ?? "" }, (view) => [
      `agent      ${view.agent}`,
      `model      ${view.provider} · ${view.model}`,
      `workspace  ${view.workspace}`,
      ...view.keys.map((key) => `key        ${key}`),
      `AGENT.md   sha256 ${view.instructionsSha256}`,
    ]),
};

export const agents: Group = {
  description: "see the agents",
  children: {
    list: () => Promise.resolve(list),
    show: () => Promise.resolve(show),
    folder: async () => (await import("./folder.ts")).folder,
  },
};
