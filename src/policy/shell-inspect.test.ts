import { describe, expect, test } from "bun:test";
import { SHAPES } from "./bypass.case.ts";
import { inspectionHolds } from "./inspection.ts";
import { SAMPLES } from "./samples.case.ts";
import { inspectionOf } from "./shell-inspect.ts";
import { quotedWords } from "./shell-words.ts";
import { tierOf } from "./tier.ts";
import { brokenExamples } from "./verb-examples.ts";
import { VERBS } from "./verbs.ts";

describe("inspectionOf refuses", () => {
  test.each(Object.entries(SHAPES))("%s", (_, [problem, ...lines]) => {
    expect(lines.length).toBeGreaterThan(0);
    const answers = lines.map((line) => {
      const inspection = inspectionOf(line, ".");
      return [line, inspection.ok ? "reading" : inspection.error];
    });
    expect(answers).toEqual(lines.map((line) => [line, problem]));
  });
});

describe("inspectionOf", () => {
  test.each([
    ["ls -la", "ls -la", "", ""],
    ["ls -la src/a", "ls -la src/a", "", "src/a"],
    ["l's' \"-la\"", "ls -la", "", ""],
    ["cat src/a/x src/b", "cat src/a/x src/b", "", "src"],
    ["cat src/a/x | grep -n 'a b' src/a/y", "", "cat src/a/x | grep -n 'a b' src/a/y", "src/a"],
    ["ls   2>/dev/null||true", "", "ls 2>/dev/null || true", ""],
    ["sort<src/x>/dev/null 2>&1", "", "sort <src/x >/dev/null 2>&1", "src"],
    ["cd src && ls -R;pwd\n", "", "cd src && ls -R; pwd", ""],
    ["ls\ncat a", "", "ls; cat a", ""],
    [
      "git -P log --oneline -3 -- --no-textconv",
      "git -P log --no-ext-diff --no-textconv --submodule=short --oneline -3 -- --no-textconv",
      "",
      "",
    ],
    [
      "git show --submodule=short --no-textconv",
      "git show --no-ext-diff --submodule=short --no-textconv",
      "",
      "",
    ],
    ["find src \\( -name '*.ts' -o -name b \\)", "find src '(' -name '*.ts' -o -name b ')'", "", "src"],
    ["echo 'it'\\''s'", "echo 'it'\\''s'", "", ""],
  ])("inspectionOf understands %p", (text, direct, script, within) => {
    const inspection = inspectionOf(text, ".");
    if (!inspection.ok) throw new Error(inspection.error);
    expect(inspection.value.script).toBe(script);
    expect(inspection.value.within).toBe(within);
    if (script === "") expect(quotedWords(inspection.value.commands[0].argv)).toBe(direct);
  });

  test("inspectionOf counts paths from the folder that the command runs in", () => {
    const folders = ["ls", "ls a", "cat a", "cat b/c", "git log", "pwd", "cd a && ls"].map((text) => {
      const inspection = inspectionOf(text, "./x//y");
      return inspection.ok ? inspection.value.within : inspection.error;
    });
    expect(folders).toEqual(["x/y", "x/y/a", "x/y", "x/y/b", "", "x/y", "x/y"]);
  });

  test("inspectionOf starts from no folder outside the workspace", () => {
    const answers = ["..", "/", "/etc", "a/../..", "a/..", ""].map((cwd) => inspectionOf("ls", cwd).ok);
    expect(answers).toEqual([false, false, false, false, false, false]);
  });

  test("every verb's examples hold", () => {
    expect(brokenExamples()).toEqual([]);
    expect(VERBS.length).toBeGreaterThan(30);
    expect(new Set(VERBS.map(({ verb }) => verb)).size).toBe(VERBS.length);
  });
});

describe("inspectionHolds", () => {
  const sample = SAMPLES.shell_inspect;
  const facts = {
    allowedHosts: [],
    labels: { origins: [], secrecy: "public" },
    askerWords: "",
    boxEnforced: true,
  } as const;
  const { executable } = sample;
  const forged = [
    { argv: ["sort", "-o", "x"] as const },
    { argv: ["ls", "-R"] as const },
    { argv: ["/bin/sh", "-c", "ls src"] as const },
    { script: "ls src; id" },
    { script: "ls src" },
    { argv: ["/bin/sh", "-c", "id"] as const, script: "ls src | cat" },
    { commands: [{ verb: "ls", argv: ["ls", "src", "-a"], executable }] as const },
    { commands: [{ verb: "cat", argv: ["ls", "src"], executable }] as const },
    { commands: [...sample.commands, ...sample.commands] as const },
    { within: "src/deeper" },
    { within: "" },
    { cwd: "other" },
    { cwd: ".." },
  ];
  test.each(forged)("an action that claims to read but would run %p asks each time", (change) => {
    expect(tierOf(sample, facts)).toBe(2);
    expect(inspectionHolds({ ...sample, ...change })).toBe(false);
    expect(tierOf({ ...sample, ...change }, facts)).toBe(3);
  });
});
