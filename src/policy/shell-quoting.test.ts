import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inspectionOf } from "./shell-inspect.ts";
import { quotedWords } from "./shell-words.ts";
import { readingUse } from "./verbs.ts";

const WORDS = [
  ..."-l -o --output=x -exec ; | & > ../x /etc src a.ts -- - -n5 * ~ $X `id` {a,b} # -c -delete ' \" \\".split(
    " ",
  ),
  "a b",
  "",
  "é",
  "it's",
];
const argvs = fc
  .tuple(
    fc.constantFrom("ls", "cat", "sort", "find", "grep", "git", "id", "sed"),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }),
  )
  .map(([verb, words]): readonly [string, ...string[]] => [verb, ...words]);

/** A word in one of the ways to write it so that it stands for itself. */
function written(word: string, way: number): string {
  if (way === 0) return quotedWords([word]);
  if (way === 1) return `"${word.replace(/[$`"\\]/g, "\\$&")}"`;
  if (way === 2 && word !== "") return [...word].map((character) => `\\${character}`).join("");
  return [...word].map((character) => (character === "'" ? '"\'"' : `'${character}'`)).join("") || "''";
}

describe("inspectionOf and quoting", () => {
  test("no way to quote a command makes it looser or stricter", () => {
    fc.assert(
      fc.property(argvs, fc.array(fc.nat(3), { minLength: 5, maxLength: 5 }), (argv, ways) => {
        const text = argv.map((word, at) => written(word, ways[at] ?? 0)).join(" ");
        const inspection = inspectionOf(text, ".");
        expect([text, inspection.ok]).toEqual([text, readingUse(argv) !== undefined]);
        if (inspection.ok) expect(inspection.value.commands[0].argv).toEqual(readingUse(argv)?.argv ?? argv);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a command that is not proven makes whatever it stands in unproven", () => {
    const connectors = [" | ", " && ", " || ", "; ", "\n", " & ", " |\n", "&&\n", "\\\n;"];
    fc.assert(
      fc.property(
        fc.array(argvs, { minLength: 2, maxLength: 4 }),
        fc.constantFrom(...connectors),
        (list, between) => {
          const inspection = inspectionOf(list.map(quotedWords).join(between), ".");
          if (inspection.ok) expect(list.every((argv) => readingUse(argv) !== undefined)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("what runs is read back as what was decided about", () => {
    const line = fc.constantFrom(
      "ls -la",
      "cat 'a b'",
      "sort <x",
      "head -5 2>/dev/null",
      "cd a",
      "grep 'x;y' a 2>&1",
      "echo '|'",
    );
    const joined = fc.array(fc.tuple(line, fc.constantFrom(" | ", " && ", " || ", ";", "\n", "  ;  ")), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(joined, (parts) => {
        const inspection = inspectionOf(
          parts.map(([text, between]) => text + between).join("") + "ls",
          "src",
        );
        if (!inspection.ok) throw new Error(inspection.error);
        expect(inspectionOf(inspection.value.script, "src")).toEqual(inspection);
      }),
      { numRuns: 500 },
    );
  });
});
