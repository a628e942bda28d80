/** `wirken agents list|show`: agents with their model, workspace, keys and standing instructions. */
import { hash } from "node:crypto";
import type { ControlParams } from "#contracts/control.ts";
import type { AgentView } from "#contracts/control-results.ts";
import { fail } from "#contracts/fault.ts";
import { parseAgentId } from "#contracts/ids.ts";
import { ok } from "#contracts/result.ts";
import { instructionsOf } from "./compose.ts";
import type { ControlPorts, ControlTable } from "./control-methods.ts";

/** The two entries of the control table. */
export function agentMethods({ parts, keysOf }: ControlPorts) {
  const viewOf = (name: string): AgentView | undefined => {
    const agent = parseAgentId(name);
    const entry = parts.configuration.current.agents[name];
    if (!agent.ok || entry === undefined) return undefined;
    const { provider, model } = parts.providers.choiceOf(agent.value);
    const workspace = parts.world.paths.workspace(name);
    const instructions = instructionsOf(parts.world.paths, agent.value);
    const instructionsSha256 = hash("sha256", instructions, "hex");
    return {
      agent: name,
      provider,
      model,
      maxTier: entry.max_tier,
      workspace,
      keys: keysOf(name),
      instructionsSha256,
    };
  };
  return {
    agents_list: async () =>
      ok(Object.keys(parts.configuration.current.agents).flatMap((name) => viewOf(name) ?? [])),
    agents_show: async ({ agent }: ControlParams<"agents_show">) => {
      const view = viewOf(agent);
      const parsed = parseAgentId(agent);
      if (view === undefined || !parsed.ok)
        return fail("not_found", "there is no such agent", { hint: "wirken agents list" });
      return ok({ ...view, instructions: instructionsOf(parts.world.paths, parsed.value) });
    },
  } satisfies Partial<ControlTable>;
}
