/** What the tests of reading commands share: files, the action of a command line, a plan run as it is. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ActionOf } from "#contracts/action.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import { launchTool } from "#confine/start.ts";
import { TOOL_GUARD } from "#confine/tool-plan.ts";
import type { ToolLab } from "./lab.case.ts";

/** Writes a file of the workspace with the folders above it. */
export function put(lab: ToolLab, path: string, text: string | Uint8Array, mode = 0o600): void {
  const whole = join(lab.workspace, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text, { mode });
}

/** The action of a command that must be proven to read. */
export function inspected(lab: ToolLab, command: string, cwd = "."): ActionOf<"shell_inspect"> {
  const { action } = lab.prepare("exec", { command, cwd });
  if (action.kind !== "shell_inspect") throw new Error(`${command}: ${action.kind}`);
  return action;
}

/** Runs a plan as it is and gives what it printed. */
export async function outputOf(lab: ToolLab, plan: LaunchPlan): Promise<string> {
  return textOf(lab, plan, "stdout");
}

/** The same with what it printed of errors. */
export async function errorsOf(lab: ToolLab, plan: LaunchPlan): Promise<string> {
  return textOf(lab, plan, "stderr");
}

async function textOf(lab: ToolLab, plan: LaunchPlan, stream: "stdout" | "stderr"): Promise<string> {
  const run = launchTool(plan, TOOL_GUARD, { dataRoot: lab.context.dataRoot, self: lab.context.self });
  if (!run.ok) throw new Error(run.error.message);
  const text = await new Response(run.value[stream]).text();
  await run.value.ended;
  return text;
}
