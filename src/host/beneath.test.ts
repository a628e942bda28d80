import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BeneathRoot } from "./beneath.ts";
import { loadLibc } from "./libc.ts";
import { spawnChild } from "./spawn.ts";

const outside = mkdtempSync(join(tmpdir(), "wirken-beneath-"));
afterAll(() => rmSync(outside, { recursive: true, force: true }));
const rootPath = join(outside, "root");
mkdirSync(join(rootPath, "sub"), { recursive: true });
writeFileSync(join(outside, "secret"), "SECRET");
writeFileSync(join(rootPath, "plain"), "plain", { mode: 0o640 });
symlinkSync("../secret", join(rootPath, "link"));
symlinkSync("..", join(rootPath, "up"));
symlinkSync("plain", join(rootPath, "inner"));
symlinkSync("/proc/self/root", join(rootPath, "proc"));
linkSync(join(outside, "secret"), join(rootPath, "hard"));
execFileSync("mkfifo", [join(rootPath, "fifo")]);

const libc = loadLibc();
/** How long the racing neighbour runs: a second in every run, ten in `npm run soak -- race`. */
const RACE_MS = Number(process.env["WIRKEN_RACE_MS"] ?? 1_000);
const WAYS = [
  ["openat2", libc],
  ["the checked walk", undefined],
] as const;

describe.each(WAYS)("BeneathRoot by %s", (way, library) => {
  const open = (): BeneathRoot => {
    const root = BeneathRoot.open(rootPath, { libc: library });
    if (!root.ok) throw new Error(root.error.message);
    return root.value;
  };
  if (way === "openat2" && library === undefined) return;

  test("BeneathRoot reads and lists what is beneath", () => {
    using root = open();
    const file = root.read("./sub/..plain".replace("sub/..", ""), 100);
    expect(file.ok && new TextDecoder().decode(file.value.bytes)).toBe("plain");
    const listed = root.list(".", 100);
    expect(listed.ok && listed.value.entries.map((entry) => `${entry.name} ${entry.kind}`)).toEqual([
      "fifo other",
      "hard file",
      "inner link",
      "link link",
      "plain file",
      "proc link",
      "sub folder",
      "up link",
    ]);
    expect(root.list(".", 2)).toMatchObject({ value: { more: true } });
    expect(root.size("plain")).toEqual({ ok: true, value: 5 });
    expect(root.size("none")).toEqual({ ok: true, value: undefined });
  });

  test.each([
    ["..", "path"],
    ["../secret", "path"],
    ["sub/../../secret", "path"],
    ["/etc/passwd", "path"],
    ["plain\0", "path"],
    ["\ud800", "path"],
    ["link", "link"],
    ["inner", "link"],
    ["up/secret", "link"],
    ["proc/etc/passwd", "link"],
    ["hard", "hard_link"],
    ["fifo", "not_a_file"],
    ["sub", "not_a_file"],
  ])("BeneathRoot refuses to read or write %p", (path, reason) => {
    using root = open();
    expect(root.read(path, 1_000)).toMatchObject({ ok: false, error: { reason } });
    expect(root.write(path, new Uint8Array(1))).toMatchObject({ ok: false, error: { reason } });
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("SECRET");
  });

  test("BeneathRoot writes with the folders above, keeps the old mode and leaves no temporary file", () => {
    using root = open();
    expect(root.write("a/b/c", new TextEncoder().encode("new")).ok).toBe(true);
    expect(statSync(join(rootPath, "a/b/c")).mode & 0o777).toBe(0o600);
    expect(root.write("plain", new TextEncoder().encode("other")).ok).toBe(true);
    expect(statSync(join(rootPath, "plain")).mode & 0o777).toBe(0o640);
    writeFileSync(join(rootPath, "plain"), "plain");
    expect(readdirSync(rootPath).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(root.remove("a/b/c").ok && root.remove("a/b").ok && root.remove("a").ok).toBe(true);
    expect(root.remove(".")).toMatchObject({ ok: false, error: { reason: "root" } });
  });

  test("BeneathRoot removes a link and not its target", () => {
    using root = open();
    symlinkSync("../secret", join(rootPath, "gone"));
    expect(root.remove("gone").ok).toBe(true);
    expect(root.remove("up/secret").ok).toBe(false);
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("SECRET");
  });
});

test("BeneathRoot refuses a root that is a link", () => {
  symlinkSync(rootPath, join(outside, "to-root"));
  expect(BeneathRoot.open(join(outside, "to-root")).ok).toBe(false);
});

test.skipIf(libc === undefined)(
  "BeneathRoot never leaves while another process swaps folder and link (needs Linux)",
  async () => {
    mkdirSync(join(rootPath, "race"));
    mkdirSync(join(outside, "elsewhere"));
    writeFileSync(join(outside, "elsewhere", "file"), "SECRET");
    writeFileSync(join(rootPath, "race", "file"), "inside");
    symlinkSync(join(outside, "elsewhere"), join(rootPath, "swap"));
    const swapper = join(import.meta.dir, "swapper.fixture.ts");
    const argv = [process.execPath, swapper, "race", "swap", String(RACE_MS)] as const;
    const child = spawnChild({ argv, env: {}, cwd: rootPath });
    if (!child.ok) throw new Error(child.error.message);
    const root = BeneathRoot.open(rootPath);
    if (!root.ok) throw new Error(root.error.message);
    using beneath = root.value;
    const seen = { inside: 0, refused: 0, written: 0 };
    while (child.value.running()) {
      for (let round = 0; round < 50; round++) {
        const read = beneath.read("race/file", 100);
        if (read.ok) {
          expect(new TextDecoder().decode(read.value.bytes)).toStartWith("inside");
          seen.inside += 1;
        } else seen.refused += 1;
        if (beneath.write("race/file", new TextEncoder().encode("inside again")).ok) seen.written += 1;
      }
      await Bun.sleep(0);
    }
    expect(readFileSync(join(outside, "elsewhere", "file"), "utf8")).toBe("SECRET");
    expect(readdirSync(join(outside, "elsewhere"))).toEqual(["file"]);
    expect(seen.inside).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  },
  RACE_MS + 10_000,
);
