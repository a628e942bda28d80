/**
 * A command line that is proven to read, as an action: every command in it with the file that does it. Anything else is
 * not one, and goes the way of all commands.
 */
import { basename } from "node:path";
import type { ActionBase, ActionOf, ExecutableIdentity, InspectedCommand } from "#contracts/action.ts";
import { INSPECT_SHELL } from "#policy/inspection.ts";
import { type InspectedWords, inspectionOf } from "#policy/shell-inspect.ts";
import { findProgram } from "./find-program.ts";
import type { ToolContext } from "./tool.ts";

/** Files that do the work of many commands and look at the name that they were called by. */
const MULTI_CALL: readonly string[] = ["coreutils", "busybox", "toybox"];

/** `undefined`: it is not proven to read, or this machine cannot hold it to that. */
export function inspectAction(
  request: { readonly command: string; readonly cwd: string; readonly network: readonly string[] },
  base: ActionBase,
  context: ToolContext,
): ActionOf<"shell_inspect"> | undefined {
  if (request.network.length > 0 || !context.confinesReading) return undefined;
  const inspection = inspectionOf(request.command, request.cwd);
  if (!inspection.ok) return undefined;
  const { script, within } = inspection.value;
  const shell = findProgram(INSPECT_SHELL, "/");
  if (shell === undefined) return undefined;
  const found = inspection.value.commands.map((words) => inspectedCommand(words, shell, context));
  const commands = found.filter((command) => command !== undefined);
  const [first, ...others] = commands;
  if (first === undefined || commands.length < found.length) return undefined;
  return {
    ...base,
    kind: "shell_inspect",
    argv: script === "" ? first.argv : [INSPECT_SHELL, "-c", script],
    script,
    cwd: request.cwd,
    executable: script === "" ? first.executable : shell,
    commands: [first, ...others],
    within,
  };
}

/** Everything that a reading command may start: each file is what was found when it was decided about. */
export function programsOf(
  action: Pick<ActionOf<"shell_inspect">, "executable" | "commands">,
): ExecutableIdentity[] {
  return [action.executable, ...action.commands.map(({ executable }) => executable)];
}

function inspectedCommand(
  { verb, argv, builtin }: InspectedWords,
  shell: ExecutableIdentity,
  context: ToolContext,
): InspectedCommand | undefined {
  if (builtin) return { verb, argv, executable: shell };
  const executable = findProgram(argv[0], context.workspacePath);
  const own = { ours: context.self.command[0], workspace: context.workspacePath };
  return executable !== undefined && doesItself(argv[0], executable.path, own)
    ? { verb, argv, executable }
    : undefined;
}

/**
 * True where the file that a name leads to is that command. Another program, an interpreter, this program itself or a
 * file of the workspace is not what the rules are about.
 */
export function doesItself(
  name: string,
  path: string,
  own: { readonly ours: string; readonly workspace: string },
): boolean {
  const file = basename(path);
  if (path === own.ours || path.startsWith(`${own.workspace}/`)) return false;
  return file === name || MULTI_CALL.includes(file);
}
