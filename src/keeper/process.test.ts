import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootId, printMark, readMark } from "#host/run-mark.ts";
import { spawnChild } from "#host/spawn.ts";
import { systemClock } from "#runtime/clock.ts";
import { endLeftovers } from "./descendants.ts";
import { lockInstance } from "./instance-lock.ts";
import { passphraseFrom } from "./passphrase.ts";

const ROOT = mkdtempSync(join(tmpdir(), "wk-process-"));
afterAll(() => rmSync(ROOT, { recursive: true }));
const ON_LINUX = process.platform === "linux";

test.skipIf(!ON_LINUX)(
  "becomeWithout keeps pid and words, and leaves the passphrase on a pipe alone (needs Linux)",
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
  const first = lockInstance(join(ROOT, "keeper.pid"));
  if (!first.ok) throw new Error(first.error.message);
  const second = lockInstance(join(ROOT, "keeper.pid"));
  expect(second.ok ? "taken" : second.error.reason).toBe("already_running");
  first.value[Symbol.dispose]();
  const third = lockInstance(join(ROOT, "keeper.pid"));
  expect(third.ok).toBe(true);
  if (third.ok) third.value[Symbol.dispose]();
});

test("lockInstance is not held up by a pid that a crash left behind", () => {
  const root = join(ROOT, "stale");
  mkdirSync(root);
  const left = { kind: "running", pid: process.ppid, program: "1:1", boot: bootId() } as const;
  writeFileSync(join(root, "keeper.pid"), printMark(left));
  const lock = lockInstance(join(root, "keeper.pid"));
  expect(lock.ok).toBe(ON_LINUX);
  if (!lock.ok) return;
  expect(lock.value.former).toEqual(left);
  expect(readMark(join(root, "keeper.pid"))).toMatchObject({ kind: "running", pid: process.pid });
  lock.value.leave("state_missing");
  lock.value[Symbol.dispose]();
  expect(readMark(join(root, "keeper.pid"))).toEqual({ kind: "ended", reason: "state_missing" });
});

test("lockInstance refuses a link in the lock's place", () => {
  const root = join(ROOT, "linked");
  mkdirSync(root);
  Bun.spawnSync(["ln", "-s", join(ROOT, "elsewhere"), join(root, "keeper.pid")]);
  const lock = lockInstance(join(root, "keeper.pid"));
  expect(lock.ok ? "taken" : lock.error.code).toBe("io");
});

const GONE = 4_194_304; // above every pid that Linux gives out

test.skipIf(!ON_LINUX)(
  "endLeftovers ends orphaned guards of this data folder and nothing that only looks like one (needs Linux)",
  async () => {
    const order = (root: string, parent: number): string =>
      JSON.stringify({ plan: { cwd: `${root}/agents/default/workspace` }, parent });
    const guard = (root: string, parent: number) =>
      start([process.execPath, join(import.meta.dir, "sleeper.case.ts"), "launch", order(root, parent)]);
    const sleep = ["sh", "-c", "while :; do sleep 0.1; done"] as const;
    const ours = guard(ROOT, GONE);
    const others = {
      otherFolder: guard(`${ROOT}-other`, GONE),
      livingOrderer: guard(ROOT, process.pid),
      // A program of someone else that now has the number, words and all, of what the former keeper left.
      innocent: start([...sleep, "launch", order(ROOT, GONE)]),
      bystander: start([...sleep, "note", order(ROOT, GONE)]),
    };
    await systemClock.sleep(150);
    const former = { kind: "running", pid: GONE, program: "1:1", boot: bootId() } as const;
    expect(await endLeftovers(ROOT, { ...former, boot: "another" }, systemClock)).toBe(0);
    expect(await endLeftovers(ROOT, { kind: "ended", reason: "state_missing" }, systemClock)).toBe(0);
    expect(await endLeftovers(ROOT, former, systemClock)).toBe(1);
    expect((await ours.exited).signal).toBe("SIGTERM");
    for (const [name, child] of Object.entries(others)) {
      expect([name, child.running()]).toEqual([name, true]);
      child.kill("SIGKILL");
    }
  },
);

/** Starts a program that sleeps. */
function start(argv: readonly [string, ...string[]]) {
  const child = spawnChild({ argv, env: {}, cwd: "/" });
  if (!child.ok) throw new Error(child.error.message);
  return child.value;
}
