/**
 * A reading command as an action claims it, graded once more from what would run. The decision rests on this and not on
 * the word of whoever made the action (docs: policy, Shell).
 */
import type { ActionOf, InspectedCommand } from "#contracts/action.ts";
import { inspectionOf } from "./shell-inspect.ts";
import { quotedWords } from "./shell-words.ts";

/** The shell of a reading command with more than one part. */
export const INSPECT_SHELL = "/bin/sh";

/** True when everything that the action would run is proven to read, and where it says. */
export function inspectionHolds(action: ActionOf<"shell_inspect">): boolean {
  const { argv, script, cwd, commands, within } = action;
  const inspection = inspectionOf(script === "" ? quotedWords(argv) : script, cwd);
  if (!inspection.ok) return false;
  const proven = inspection.value;
  const isAsRun = script === "" ? sameWords(argv, proven.commands[0].argv) : isShellRun(argv, script);
  return (
    isAsRun &&
    proven.script === script &&
    proven.within === within &&
    proven.commands.length === commands.length &&
    proven.commands.every((command, at) => isSame(command, commands[at]))
  );
}

/** The verbs of a reading command, each once, in order. */
export function verbsOf(commands: readonly Pick<InspectedCommand, "verb">[]): readonly string[] {
  return [...new Set(commands.map(({ verb }) => verb))];
}

function isShellRun(argv: readonly string[], script: string): boolean {
  return sameWords(argv, [INSPECT_SHELL, "-c", script]);
}

function isSame(
  proven: Pick<InspectedCommand, "verb" | "argv">,
  claimed: InspectedCommand | undefined,
): boolean {
  return claimed !== undefined && claimed.verb === proven.verb && sameWords(claimed.argv, proven.argv);
}

function sameWords(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, at) => word === other[at]);
}
