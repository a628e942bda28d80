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
  /** Its words, with the flags that it is always run with. */
  readonly argv: readonly [string, ...string[]];
  /** The paths that it names, as they stand. */
  readonly paths: readonly string[];
}

/** What the words of one command do, or `undefined` where that is not proven to be reading. */
export function readingUse(argv: readonly [string, ...string[]]): ReadingUse | undefined {
  const [program, ...words] = argv;
  const before: string[] = [];
  while (program === "git" && words[0] !== undefined && GIT_BEFORE.includes(words[0]))
    before.push(...words.splice(0, 1));
  const own = program === "git" ? words.splice(0, 1) : [];
  const rule = VERBS.find(({ verb }) => verb === [program, ...own].join(" "));
  if (rule === undefined) return undefined;
  // What stands behind "--" is no flag, whatever it looks like.
  const end = words.indexOf("--");
  const always = rule.always ?? [];
  const isPutIn = (word: string, at: number): boolean => always.includes(word) && (end < 0 || at < end);
  const paths = pathsRead(
    rule,
    words.filter((word, at) => !isPutIn(word, at)),
  );
  const added = always.filter((flag) => !words.some((word, at) => word === flag && isPutIn(word, at)));
  return paths === undefined
    ? undefined
    : { rule, argv: [program, ...before, ...own, ...added, ...words], paths };
}
