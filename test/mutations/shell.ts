/**
 * A1: a script that counts as reading. The shapes of `src/policy/bypass.case.ts` name the answer that each must get, so
 * a rule that is gone is missed even where another would refuse.
 */
import type { Defence } from "./defence.ts";

const tests = ["src/policy/shell-inspect.test.ts", "src/policy/shell-parser.test.ts"] as const;
const inspect = { attack: "A1", file: "src/policy/shell-inspect.ts", tests } as const;
const parser = { attack: "A1", file: "src/policy/shell-parser.ts", tests } as const;

export const SHELL: readonly Defence[] = [
  {
    ...inspect,
    keeps: "a script with a comment is not what runs",
    text: 'if (script.commented) return err("comment");',
    without: "",
  },
  {
    ...inspect,
    keeps: "a negated pipeline does not count as reading",
    text: 'if (pipeline.negated) return err("group");',
    without: "",
  },
  {
    ...inspect,
    keeps: "nothing is left running",
    text: 'if (connector === "&") return err("background");',
    without: "",
  },
  {
    ...inspect,
    keeps: "a command beside a shell starts no programs of its folder",
    text: 'if (needsShell && pieces.some(({ use }) => use.rule.alone === true)) return err("beside_shell");',
    without: "",
  },
  {
    ...inspect,
    keeps: "a command of the shell alone does not count as reading",
    text: 'if (!needsShell && first.words.builtin) return err("command");',
    without: "",
  },
  {
    ...inspect,
    keeps: "a change of folder names where it goes",
    text: 'if (use.rule.builtin === true && use.paths.length === 0) return err("command");',
    without: "",
  },
  {
    ...inspect,
    keeps: "no redirection writes",
    text: 'isOutput && target === "/dev/null")',
    without: "isOutput)",
  },
  {
    ...inspect,
    keeps: "no redirection joins a descriptor that is not there",
    text: '&& (target === "1" || target === "2")) return',
    without: ") return",
  },
  {
    ...inspect,
    keeps: "no redirection reads outside the workspace",
    text: "return isInput && staysInside(target) ?",
    without: "return isInput ?",
  },
  {
    ...inspect,
    keeps: "a reading command starts in the workspace",
    text: 'if (!staysInside(cwd)) return err("command");',
    without: "",
  },
  {
    ...inspect,
    keeps: "what runs is quoted anew",
    text: "const texts: string[] = [quotedWords(argv)];",
    without: 'const texts: string[] = [argv.join(" ")];',
    tests: ["src/policy/shell-quoting.test.ts"],
  },
  {
    ...parser,
    keeps: "a script is so long and no longer",
    text: 'if (text.length > SCRIPT_MAX) return err("too_long");',
    without: "",
  },
  {
    ...parser,
    keeps: "no character of a script is hidden",
    text: 'if (visible(text) !== text || FOREIGN_SPACE.test(text)) return err("hidden_character");',
    without: "",
  },
];
