import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnChild } from "#host/spawn.ts";
import { systemClock } from "#runtime/clock.ts";
import { endLeftovers } from "./descendants.ts";
import { lockInstance } from "./instance-lock.ts";
import { passphraseFrom } from "./passphrase.ts";

const ROOT = mkdtempSync(join(tmpdir(), "wk-process-"));
afterAll(() => rmSync(ROOT, { recursive: true }));
const ON_LINUX = process.platform === "linux";

test.skipIf(!ON_LINUX)(
  "becomeWithout keeps pid and words, and leaves the passphrase on a pipe alone",
  async () => {
    const child = spawnChild({
      argv: [process.execPath, join(import.meta.dir, "passphrase-program.case.ts"), "run", "--quiet"],
      env: {
        HOME: ROOT,
        TERM: "dumb",
        SECRET_OF_OTHERS: "x",
        WIRKEN_VAULT_PASSPHRASE: "canary-passphrase-é",
      },
      cwd: "/",
      stdout: "pipe",
      stderr: "inherit",
    });
    if (!child.ok) throw new Error(child.error.message);
    const seen = JSON.parse(await new Response(child.value.stdout).text());
    expect(seen.pid).toBe(child.value.pid);
    expect(seen.words).toEqual(["run", "--quiet"]);
    expect(seen.passphrase).toBe("canary-passphrase-é");
    expect(seen.environ).toBe(`HOME=${ROOT}\0TERM=dumb\0`);
    expect(seen.cmdline).not.toContain("canary");
  },
);

test.each([
  ["a phrase", "secret phrase", "secret phrase"],
  ["a line", "secret phrase\n", "secret phrase"],
  ["two line ends", "two\n\n", "two\n"],
  ["nothing", "", undefined],
  ["an empty line", "\n", undefined],
  ["1,024 bytes", "x".repeat(1_024), "x".repeat(1_024)],
  ["more than that", "x".repeat(1_100), undefined],
])("passphraseFrom reads %s", (_, given, expected) => {
  const file = join(ROOT, "passphrase");
  writeFileSync(file, given);
  const result = passphraseFrom(openSync(file, "r"));
  expect(result.ok ? result.value.use((text) => text) : undefined).toBe(expected);
});

test("passphraseFrom refuses what is no descriptor", () => {
  expect(passphraseFrom(Number.NaN).ok).toBe(false);
  expect(passphraseFrom(-1).ok).toBe(false);
  expect(passphraseFrom(999).ok).toBe(false);
  expect(passphraseFrom(openSync(ROOT, "r")).ok).toBe(false);
});

test("lockInstance lets one hold it, and the next after it", () => {
  const first = lockInstance(ROOT);
  if (!first.ok) throw new Error(first.error.message);
  const second = lockInstance(ROOT);
  expect(second.ok ? "taken" : second.error.reason).toBe("already_running");
  first.value[Symbol.dispose]();
  const third = lockInstance(ROOT);
  expect(third.ok).toBe(true);
  if (third.ok) third.value[Symbol.dispose]();
});

test("lockInstance is not held up by a pid that a crash left behind", () => {
  const root = join(ROOT, "stale");
  mkdirSync(root);
  writeFileSync(join(root, "keeper.pid"), `${process.ppid}\n`);
  const lock = lockInstance(root);
  expect(lock.ok).toBe(ON_LINUX);
  if (lock.ok) lock.value[Symbol.dispose]();
});

test("lockInstance refuses a link in the lock's place", () => {
  const root = join(ROOT, "linked");
  mkdirSync(root);
  Bun.spawnSync(["ln", "-s", join(ROOT, "elsewhere"), join(root, "keeper.pid")]);
  const lock = lockInstance(root);
  expect(lock.ok ? "taken" : lock.error.code).toBe("io");
});

test.skipIf(!ON_LINUX)("endLeftovers ends guards of this data folder and no other process", async () => {
  const guard = (root: string) =>
    start(["launch", JSON.stringify({ plan: { cwd: `${root}/agents/default/workspace` } })]);
  const ours = guard(ROOT);
  const other = guard(`${ROOT}-other`);
  const bystander = start(["note", JSON.stringify({ plan: { cwd: `${ROOT}/agents` } })]);
  await systemClock.sleep(50);
  expect(await endLeftovers(ROOT, systemClock)).toBe(1);
  expect((await ours.exited).signal).toBe("SIGTERM");
  expect([other.running(), bystander.running()]).toEqual([true, true]);
  other.kill("SIGKILL");
  bystander.kill("SIGKILL");
});

/** A process that sleeps, with these words behind its name. */
function start(words: readonly string[]) {
  const child = spawnChild({
    argv: ["sh", "-c", "while :; do sleep 0.1; done", ...words],
    env: {},
    cwd: "/",
  });
  if (!child.ok) throw new Error(child.error.message);
  return child.value;
}
