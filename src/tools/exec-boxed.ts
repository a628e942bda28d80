/**
 * A command in the box (docs: policy, `boxed_exec`): the same command, another action. It is one where the box is
 * enforced and the agent's folders can be kept, so that what it changes can be undone. With a network it stays a
 * `shell_exec`, asked for each time, and the broker is its only way out.
 */
import { isAbsolute, resolve } from "node:path";
import type { Action, ActionOf } from "#contracts/action.ts";
import { boxPlan } from "#confine/box-plan.ts";
import { planDigest } from "#confine/plan-digest.ts";
import { endOf } from "./exec-end.ts";
import { type NetworkUse, credentialUses, wayOut } from "./exec-network.ts";
import { isSameProgram } from "./find-program.ts";
import { EVERYWHERE } from "./network-wish.ts";
import { changed, failedBy } from "./outcome.ts";
import { OutputCollector } from "./output-collector.ts";
import type { BoxContext, Performance, ToolContext, ToolOutcome } from "./tool.ts";

type Boxed = ActionOf<"boxed_exec"> | ActionOf<"shell_exec">;
type Command = Pick<Boxed, "call" | "tool" | "args" | "plan" | "argv" | "script" | "cwd" | "executable">;

/** True when a command would run in the box: one that wants every host cannot. */
export function isBoxed(network: readonly string[], { box }: Pick<ToolContext, "box">): boolean {
  return !network.includes(EVERYWHERE) && box.port.enforced && box.missing === "";
}

/** Why a command that wants hosts is refused where there is no box, for the model. */
export function unheldNetwork({ missing, port }: BoxContext): string {
  const why = missing === "" ? port.detail : missing;
  return `this system cannot hold a command to hosts (${why}); with \`network\` as \`["*"]\` a person is asked`;
}

/** True for a plain absolute path in one of the folders that the operator gave. */
export function isInFolder(path: string, { box }: Pick<ToolContext, "box">): boolean {
  if (!isAbsolute(path) || resolve(path) !== path) return false;
  return box.folders.some((folder) => `${path}/`.startsWith(`${folder.path}/`));
}

/** The action of a command in the box. */
export function boxedAction(command: Command, wish: NetworkUse, box: BoxContext): Boxed {
  const { folders } = box;
  const action: Boxed =
    wish.network.length === 0
      ? { ...command, kind: "boxed_exec", folders }
      : { ...command, kind: "shell_exec", ...wish, boxed: true, folders };
  return { ...action, plan: planOf(action, box) };
}

/** Runs it, if box and program still are the approved ones. */
export async function performBoxed(
  action: Boxed,
  context: ToolContext,
  performance: Performance,
): Promise<ToolOutcome> {
  const { box } = context;
  const network = networkOf(action);
  if (!isBoxed(network, context) || planOf(action, box) !== action.plan) return changed("the box");
  if (!isSameProgram(action.executable)) return changed("the program");
  const collector = new OutputCollector(performance.onLine);
  const uses = action.kind === "shell_exec" ? action.credentials : [];
  const held = credentialUses(
    uses.map(({ name }) => name),
    network,
    context,
  );
  if (!held.ok || JSON.stringify(held.value) !== JSON.stringify(uses)) return changed("the credentials");
  using way = network.length === 0 ? undefined : wayOut({ network, credentials: uses }, context, performance);
  const { argv, cwd, plan, executable } = action;
  const end = await box.port.run(
    { agent: box.agent, argv, cwd, plan, program: executable.path, network: network.length > 0 },
    {
      signal: performance.signal,
      onOutput: (bytes) => collector.add(bytes),
      onListener: (descriptor) => way?.open(descriptor),
    },
  );
  if (!end.ok) return end.error.reason === "guard" ? endOf(undefined, 0, collector) : failedBy(end.error);
  const { report, changes, changed: count, lost } = end.value;
  const outcome = endOf(report, 0, collector);
  if (lost !== "") return withNote(outcome, `what it changed cannot be undone: ${lost}`);
  return changes === "" ? outcome : { ...outcome, boxUndo: { changes, changed: count } };
}

function networkOf(action: Boxed): readonly string[] {
  return action.kind === "boxed_exec" ? [] : action.network;
}

function planOf(action: Boxed, box: BoxContext): Action["plan"] {
  const { argv, cwd, executable, folders } = action;
  const network = networkOf(action).length > 0;
  const { paths, agent } = box;
  return planDigest(boxPlan({ paths, agent, folders, argv, cwd, program: executable.path, network }));
}

/** A failure to keep is said, and does not hide how the command ended. */
function withNote(outcome: ToolOutcome, note: string): ToolOutcome {
  const output = `${outcome.output}\n[${note}]`;
  return { ...outcome, output };
}
