/** The places an attacker may have taken over, each as the launch plan that holds it there. */
import { join } from "node:path";
import { boxPlan } from "#confine/box-plan.ts";
import { mcpReach, mcpServerGuard, mcpServerPlan } from "#confine/mcp-plan.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import { type PlannedRole, planFor } from "#confine/role-plans.ts";
import { type GuardLimits, TOOL_GUARD, toolPlan } from "#confine/tool-plan.ts";
import { parseInstanceId } from "#contracts/ids.ts";
import { isStdio, type McpStdioEntry, mcpFileSchema } from "#contracts/mcp-config.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";

/** Everything runs as one program here: the stub, the role, the attack. */
export interface Place {
  /** The folder that the attack may write to. */
  readonly own: string;
  /** Absent: no walls at all, to show that the attacks are real. */
  readonly plan?: LaunchPlan;
  /** Present: a guarded run, as commands and MCP servers are. */
  readonly guard?: GuardLimits;
  /** How it is started instead: in a box, or as the role that builds them. */
  readonly by?: "box" | "box role";
}

export interface Surroundings {
  readonly paths: DataPaths;
  readonly self: Self;
  readonly webchatPort: number;
  readonly consolePort: number;
  readonly required: boolean;
}

export const COLUMNS = [
  "no walls",
  "gateway",
  "signer",
  "console",
  "adapter",
  "webchat",
  "mcp-proxy",
  "mcp-server",
  "tool",
  "box",
  "box role",
] as const;
export type Column = (typeof COLUMNS)[number];

/** Where the attack of a column runs. */
export function placeOf(column: Column, around: Surroundings): Place {
  const { paths } = around;
  switch (column) {
    case "no walls":
      return { own: join(paths.root, "state", "free") };
    case "gateway":
      return rolePlace(paths.state("gateway"), { kind: "gateway" }, around);
    case "signer":
      return rolePlace(paths.state("signer"), { kind: "signer" }, around);
    case "console":
      return rolePlace(paths.state("console"), { kind: "console" }, around);
    case "adapter":
      return rolePlace(paths.state("telegram"), adapterRole("telegram"), around);
    case "webchat":
      return rolePlace(paths.state("webchat"), adapterRole("webchat"), around);
    case "mcp-proxy":
      return rolePlace(
        paths.state("mcp"),
        { kind: "mcp-proxy", reach: mcpReach({ mcpServers: {} }) },
        around,
      );
    case "mcp-server":
      return serverPlace(around);
    case "tool":
      return toolPlace(around);
    case "box":
      return boxPlace(around);
    case "box role":
      return { own: join(paths.agent("default"), "walls"), by: "box role" };
  }
}

function adapterRole(channel: "telegram" | "webchat"): PlannedRole {
  const instance = parseInstanceId(channel);
  if (!instance.ok) throw new Error("an instance id");
  return { kind: "adapter", instance: instance.value, channel, ports: [] };
}

/** The role's own plan; what it would be handed is left out, and its words say what to attack with. */
function rolePlace(own: string, role: PlannedRole, around: Surroundings): Place {
  const plan = planFor(role, around);
  return { own, plan: { ...plan, args: [plan.role, own], handoff: [] } };
}

function toolPlace({ paths, self, required }: Surroundings): Place {
  const workspace = paths.workspace("default");
  const plan = toolPlan({
    program: self.command[0],
    argv: [self.command[0], "tool", workspace],
    cwd: workspace,
    workspace,
    temporary: join(paths.agent("default"), "tmp", "walls"),
    network: false,
    required,
  });
  return { own: workspace, plan, guard: TOOL_GUARD };
}

/** A command in the box, as an agent's that was given no folder. */
function boxPlace({ paths, self }: Surroundings): Place {
  const own = paths.workspace("default");
  const argv = [self.command[0], "tool", own] as const;
  const plan = boxPlan({
    paths,
    agent: "default",
    folders: [],
    program: argv[0],
    argv,
    cwd: ".",
    network: false,
  });
  // What attacks is no program of the system: it alone is added to what the box holds.
  const shown = [...plan.paths, { path: argv[0], rights: "run" } as const];
  return { own, plan: { ...plan, paths: shown }, by: "box" };
}

function serverPlace({ paths, self, required }: Surroundings): Place {
  const folder = paths.mcp("hostile");
  const entry = serverEntry(self.command[0], folder);
  return {
    own: folder,
    plan: mcpServerPlan({ entry, program: self.command[0], folder, required }),
    guard: mcpServerGuard(entry),
  };
}

/** An entry of mcp.json as the loader would read it. */
function serverEntry(program: string, folder: string): McpStdioEntry {
  const file = mcpFileSchema.parse({
    mcpServers: { hostile: { command: program, args: ["mcp-server", folder] } },
  });
  const entry = file.mcpServers["hostile"];
  if (entry === undefined || !isStdio(entry)) throw new Error("an entry");
  return entry;
}
