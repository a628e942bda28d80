/** A copy of the sources in which a defence can be taken out and a test run, without touching the sources themselves. */
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunPath } from "../../scripts/bun.mjs";
import { ROOT } from "../source-files.ts";
import type { Defence } from "./defence.ts";

/** What is made from the sources, or is no part of them. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "dist", ".git", ".cache", ".ci"]);
const TEST_MS_MAX = 120_000;
const TAIL_CHARS = 2_000;

export interface TestRun {
  readonly passed: boolean;
  /** The first test that failed, or empty. */
  readonly failed: string;
  /** The end of what was printed. */
  readonly tail: string;
}

/** Disposing removes the copy. */
export class CopiedTree implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "wirken-defences-"));

  constructor() {
    for (const name of readdirSync(ROOT)) {
      if (!LEFT_OUT.has(name)) cpSync(join(ROOT, name), join(this.#root, name), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(this.#root, "node_modules"));
  }

  /** Runs the tests as the sources are. */
  test(files: readonly string[]): Promise<TestRun> {
    return runTests(this.#root, files);
  }

  /** Runs the defence's tests without it, and puts it back. */
  async testWithout({ file, text, without, tests, built }: Defence): Promise<TestRun> {
    const path = join(this.#root, file);
    const whole = await Bun.file(path).text();
    const [before, after, ...more] = whole.split(text);
    if (after === undefined || more.length > 0)
      throw new Error(`${file}: the text is not there once: ${text}`);
    await Bun.write(path, `${before}${without}${after}`);
    try {
      if (built === true) await buildIn(this.#root);
      return await runTests(this.#root, tests);
    } finally {
      await Bun.write(path, whole);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Builds the executable of a copy. Throws when that fails: a defence of the build itself would not show so. */
async function buildIn(cwd: string): Promise<void> {
  const child = Bun.spawn([bunPath(), "run", "build.ts"], { cwd, stdout: "ignore", stderr: "pipe" });
  const printed = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`the copy does not build: ${printed.slice(-TAIL_CHARS)}`);
}

async function runTests(cwd: string, files: readonly string[]): Promise<TestRun> {
  const child = Bun.spawn([bunPath(), "test", "--bail=1", ...files.map((file) => `./${file}`)], {
    cwd,
    stdout: "ignore",
    stderr: "pipe",
    timeout: TEST_MS_MAX,
    killSignal: "SIGKILL",
  });
  const printed = await new Response(child.stderr).text();
  const code = await child.exited;
  const failed = /^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/m.exec(printed)?.[1] ?? "";
  return { passed: code === 0, failed, tail: printed.slice(-TAIL_CHARS) };
}
