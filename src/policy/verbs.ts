/**
 * The commands that are proven to read: all of them in one list, and the check of their own examples, which runs in the
 * tests and whenever the program is built (docs: policy, Shell).
 */
import { pathsRead } from "./verb-arguments.ts";
import type { VerbRule } from "./verb-rule.ts";
import { FILE_VERBS } from "./verbs-files.ts";
import { GIT_BEFORE, GIT_VERBS } from "./verbs-git.ts";
import { TEXT_VERBS } from "./verbs-text.ts";

export const VERBS: readonly VerbRule[] = [...FILE_VERBS, ...TEXT_VERBS, ...GIT_VERBS];

/** A command that is proven to read. */
export interface ReadingUse {
  readonly rule: VerbRule;
  /** The paths that it names, as they stand. */
  readonly paths: readonly string[];
}

/** What the words of one command do, or `undefined` where that is not proven to be reading. */
export function readingUse(argv: readonly [string, ...string[]]): ReadingUse | undefined {
  const [program, ...words] = argv;
  if (program === "git") while (words[0] !== undefined && GIT_BEFORE.includes(words[0])) words.shift();
  const verb = program === "git" ? `git ${words.shift() ?? ""}` : program;
  const rule = VERBS.find((each) => each.verb === verb);
  const paths = rule === undefined ? undefined : pathsRead(rule, words);
  return rule === undefined || paths === undefined ? undefined : { rule, paths };
}
