/**
 * A command in the box (docs: policy, `boxed_exec`): the same command, another action. It is one where the box is
 * enforced, no network is wanted and the agent's folders can be kept, so that what it changes can be undone.
 */
import { isAbsolute, resolve } from "node:path";
import type { Action, ActionOf } from "#contracts/action.ts";
import { boxPlan } from "#confine/box-plan.ts";
import { planDigest } from "#confine/plan-digest.ts";
import { endOf } from "./exec-end.ts";
import { isSameProgram } from "./find-program.ts";
import { changed, failedBy } from "./outcome.ts";
import { OutputCollector } from "./output-collector.ts";
import type { BoxContext, Performance, ToolContext, ToolOutcome } from "./tool.ts";

type Boxed = ActionOf<"boxed_exec">;

/** True when a command would run in the box. */
export function isBoxed(network: boolean, { box }: Pick<ToolContext, "box">): boolean {
  return !network && box.port.enforced && box.missing === "";
}

/** True for a plain absolute path in one of the folders that the operator gave. */
export function isInFolder(path: string, { box }: Pick<ToolContext, "box">): boolean {
  if (!isAbsolute(path) || resolve(path) !== path) return false;
  return box.folders.some((folder) => `${path}/`.startsWith(`${folder.path}/`));
}

/** The action of a command in the box. */
export function boxedAction(command: Omit<Boxed, "kind" | "folders">, box: BoxContext): Boxed {
  const action = { ...command, kind: "boxed_exec", folders: box.folders } as const;
  return { ...action, plan: planOf(action, box) };
}

/** Runs it, if box and program still are the approved ones. */
export async function performBoxed(
  action: Boxed,
  { box }: ToolContext,
  performance: Performance,
): Promise<ToolOutcome> {
  if (!isBoxed(false, { box }) || planOf(action, box) !== action.plan) return changed("the box");
  if (!isSameProgram(action.executable)) return changed("the program");
  const collector = new OutputCollector(performance.onLine);
  const { argv, cwd, plan, executable } = action;
  const end = await box.port.run(
    { agent: box.agent, argv, cwd, plan, program: executable.path },
    { signal: performance.signal, onOutput: (bytes) => collector.add(bytes) },
  );
  if (!end.ok) return end.error.reason === "guard" ? endOf(undefined, 0, collector) : failedBy(end.error);
  const { report, changes, changed: count, lost } = end.value;
  const outcome = endOf(report, 0, collector);
  if (lost !== "") return withNote(outcome, `what it changed cannot be undone: ${lost}`);
  return changes === "" ? outcome : { ...outcome, boxUndo: { changes, changed: count } };
}

function planOf(action: Omit<Boxed, "plan">, box: BoxContext): Action["plan"] {
  const { argv, cwd, executable, folders } = action;
  return planDigest(
    boxPlan({ paths: box.paths, agent: box.agent, folders, argv, cwd, program: executable.path }),
  );
}

/** A failure to keep is said, and does not hide how the command ended. */
function withNote(outcome: ToolOutcome, note: string): ToolOutcome {
  const output = `${outcome.output}\n[${note}]`;
  return { ...outcome, output };
}
