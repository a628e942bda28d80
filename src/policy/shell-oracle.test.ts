import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { parseShell } from "./shell-parser.ts";
import { plainArgv } from "./shell-words.ts";

/** The shells of this machine that read POSIX's language; each must agree. */
const SHELLS = [["/bin/dash"], ["/bin/bash", "--posix"], ["/bin/bash"], ["/bin/busybox", "sh"]].filter(
  ([path = ""]) => existsSync(path),
);
const MARK = "\u0001";

/** Runs many command lines in one shell: each calls a function that prints its words, or fails on its own. */
function wordsByShell(
  shell: readonly string[],
  lines: readonly string[],
): readonly (readonly string[] | undefined)[] {
  const blocks = lines.map((_, at) => `eval "$l${at}"; printf '\\1'`).join("\n");
  const script = `cmd() { for w in cmd "$@"; do printf '%s\\0' "$w"; done; }\n${blocks}\n`;
  const env = Object.fromEntries(lines.map((line, at) => [`l${at}`, line]));
  const run = Bun.spawnSync([...shell, "-c", script], {
    env: { ...env, LANG: "C.UTF-8" },
    cwd: "/",
    stderr: "ignore",
  });
  return new TextDecoder()
    .decode(run.stdout)
    .split(MARK)
    .slice(0, -1)
    .map((text) => text.split("\0").slice(0, -1));
}

const PIECES = [
  ..."ab-=/.,:@%+é1 \t".split(""),
  "'q w'",
  "'$x`'",
  '"q w"',
  '"\\""',
  '"\\x\\\\"',
  '"a\\\nb"',
  '"$"',
  "\\ ",
  "\\'",
  "\\$",
  "\\\\",
  "\\\n",
  "''",
  '""',
  "a#b",
  "$ ",
  " 'x'\\''y'",
];

describe.skipIf(SHELLS.length === 0)(
  `parseShell beside ${SHELLS.map((shell) => shell.join(" ")).join(", ")} (needs another shell)`,
  () => {
    test("parseShell reads generated words as the shells do", () => {
      const line = fc
        .array(fc.constantFrom(...PIECES), { maxLength: 12 })
        .map((pieces) => `cmd ${pieces.join("")}`);
      const lines = fc.sample(line, { numRuns: 400, seed: 7 });
      const understood = lines.flatMap((text) => {
        const parsed = parseShell(text);
        const words = parsed.ok ? plainArgv(parsed.value) : undefined;
        return words === undefined ? [] : [{ text, words }];
      });
      expect(understood.length).toBeGreaterThan(300);
      for (const shell of SHELLS) {
        const said = wordsByShell(
          shell,
          understood.map(({ text }) => text),
        );
        expect(said).toHaveLength(understood.length);
        for (const [at, { text, words }] of understood.entries())
          expect([shell, text, said[at]]).toEqual([shell, text, words]);
      }
    });
  },
);
