/**
 * The reading commands of git (flags: git 2.39). A repository's own settings can name programs (filters, text
 * converters, an external difference, a monitor, signature checks): in the box of a command that reads no other program
 * can be started, so git is never let stand beside a shell. The loader of programs stays, and would run a file that it
 * is given as an argument; git gives one to text converters and external differences, which are turned off here (in
 * what it starts for a submodule too), and to transports, which its environment forbids.
 */
import { listed, type OptionRule, type VerbRule } from "./verb-rule.ts";

/** Before the command of its own; everything else there changes where git looks or what it runs. */
export const GIT_BEFORE: readonly string[] = ["--no-pager", "-P"];

const COLORS = listed("color decorate abbrev");
/** What `log`, `show` and `diff` share. */
const DIFFERENCE = {
  form: "options",
  reads: "workspace",
  alone: true,
  always: ["--no-ext-diff", "--no-textconv", "--submodule=short"],
  short: "pswbRrtzaiEFgm",
  shortValue: { U: "count", n: "count", S: "text", G: "text", M: "count", C: "count", L: "text" },
  long: listed(
    "patch no-patch raw numstat shortstat summary name-only name-status check no-color no-renames " +
      "full-index binary ignore-all-space ignore-space-change ignore-space-at-eol ignore-blank-lines " +
      "function-context text cached staged merge-base minimal histogram " +
      "patience pickaxe-all exit-code quiet relative reverse oneline graph all branches tags remotes " +
      "merges no-merges first-parent abbrev-commit no-abbrev-commit no-decorate follow full-history " +
      "date-order topo-order author-date-order walk-reflogs no-walk parents children left-right " +
      "cherry-mark cherry-pick regexp-ignore-case invert-grep extended-regexp fixed-strings no-notes " +
      "show-pulls",
  ),
  longValue: { "max-count": "count", skip: "count" },
  longOptional: [
    ...COLORS,
    ...listed(
      "stat unified word-diff color-words color-moved find-renames find-copies diff-filter " +
        "diff-algorithm",
    ),
    ...listed(
      "inter-hunk-context format pretty date since until after before author committer grep " +
        "ignore-submodules",
    ),
  ],
  counts: true,
  operands: { rest: "paths" },
} as const satisfies Partial<OptionRule>;

/** What would run a program, write a file or look elsewhere, for each of them. */
function hostile(command: string): readonly string[] {
  return [
    `git -c core.pager=./x ${command}`,
    `git -c diff.external=./x ${command}`,
    `git --config-env=core.fsmonitor=X ${command}`,
    `git --exec-path=. ${command}`,
    `git -C /etc ${command}`,
    `git --git-dir=/x ${command}`,
    `git --work-tree=/ ${command}`,
    `git -p ${command}`,
    `git --paginate ${command}`,
    `git ${command} --ext-diff`,
    `git ${command} --submodule=diff`,
    `git ${command} --textconv`,
    `git ${command} --output=x`,
    `git ${command} --outp=x`,
    `git ${command} /etc/passwd`,
    `git ${command} ../../x`,
    `git ${command} | head`,
    `GIT_EXTERNAL_DIFF=./x git ${command}`,
  ];
}

export const GIT_VERBS: readonly VerbRule[] = [
  {
    ...DIFFERENCE,
    verb: "git log",
    matches: [
      "git log",
      "git log --oneline -5",
      "git --no-pager log -n 3 --stat main..dev -- src",
      "git log -S x HEAD~2",
    ],
    refuses: [...hostile("log"), "git log --show-signature", "git log -O/etc/x", "git log --stdin"],
  },
  {
    ...DIFFERENCE,
    verb: "git show",
    matches: ["git show", "git show HEAD:src/a.ts", "git show --stat HEAD~1"],
    refuses: hostile("show"),
  },
  {
    ...DIFFERENCE,
    verb: "git diff",
    matches: ["git diff", "git diff --cached --stat", "git diff main...dev -- src", "git diff -U5 a b"],
    refuses: [...hostile("diff"), "git diff --no-index a b"],
  },
  {
    verb: "git status",
    form: "options",
    reads: "workspace",
    alone: true,
    short: "sbz",
    long: listed("short branch long show-stash ahead-behind no-ahead-behind no-renames"),
    longOptional: listed("porcelain untracked-files ignored ignore-submodules column"),
    operands: { rest: "paths" },
    matches: [
      "git status",
      "git status -sb",
      "git status --porcelain=v1 --untracked-files=no",
      "git -P status",
    ],
    refuses: [...hostile("status"), "git status -v", "git status --verbose"],
  },
  {
    verb: "git branch",
    form: "options",
    reads: "workspace",
    alone: true,
    short: "arv",
    long: listed("list all remotes verbose show-current no-color no-column"),
    longOptional: ["color", "sort"],
    operands: { rest: "none" },
    matches: ["git branch", "git branch --list", "git branch -avv", "git branch --show-current"],
    refuses: [
      ...hostile("branch"),
      "git branch x",
      "git branch -D x",
      "git branch -m x",
      "git branch --edit-description",
    ],
  },
  {
    verb: "git rev-parse",
    form: "options",
    reads: "workspace",
    alone: true,
    long: listed("show-toplevel show-prefix is-inside-work-tree verify quiet git-dir"),
    longOptional: ["short", "abbrev-ref"],
    operands: { rest: "paths" },
    matches: ["git rev-parse HEAD", "git rev-parse --abbrev-ref HEAD"],
    refuses: [...hostile("rev-parse"), "git rev-parse --parseopt"],
  },
  {
    verb: "git ls-files",
    form: "options",
    reads: "workspace",
    alone: true,
    short: "cdmostuvz",
    long: listed("cached deleted modified others stage unmerged exclude-standard"),
    operands: { rest: "paths" },
    matches: ["git ls-files", "git ls-files -mo --exclude-standard src"],
    refuses: [...hostile("ls-files"), "git ls-files -X /etc/x", "git ls-files --exclude-from=x"],
  },
];
