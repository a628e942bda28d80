/** The type-aware lint keeps secrets out of text, and the whole tree keeps to the lint, the compiler and the format. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../source-files.ts";

const bin = (name: string): string => join(ROOT, "node_modules", ".bin", name);

describe("the lint", () => {
  test("refuses a secret in a template and a sum", async () => {
    const file = join(import.meta.dir, "secret.fixture.ts");
    const lines = (await Bun.file(file).text()).split("\n");
    const expected = lines.flatMap((line, at) => (line.endsWith("// refused") ? [at + 1] : []));
    const ran = Bun.spawnSync(
      [
        bin("oxlint"),
        "--type-aware",
        "--format=unix",
        "--config",
        join(import.meta.dir, "oxlintrc.json"),
        file,
      ],
      { cwd: ROOT },
    );
    const found = [...ran.stdout.toString().matchAll(/fixture\.ts:(\d+):/g)].map((match) => Number(match[1]));
    expect([...new Set(found)].sort((a, b) => a - b)).toEqual(expected);
    expect(expected.length).toBe(2);
  }, 60_000);

  test("finds the tree clean: format, types, lint", () => {
    const ran = Bun.spawnSync([process.execPath, "run", join(ROOT, "scripts", "check.ts")], { cwd: ROOT });
    expect(ran.exitCode, ran.stdout.toString() + ran.stderr.toString()).toBe(0);
  }, 120_000);
});
