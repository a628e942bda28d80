import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
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
import { ensureFolder, readFileBounded, writeFileAtomic } from "./files.ts";

const root = mkdtempSync(join(tmpdir(), "wirken-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("writeFileAtomic", () => {
  test("writeFileAtomic replaces the file, leaves mode 0600 and no temporary file", () => {
    const path = join(root, "atomic");
    writeFileSync(path, "old", { mode: 0o644 });
    expect(writeFileAtomic(path, bytes("new"))).toEqual({ ok: true, value: undefined });
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("writeFileAtomic replaces a link and leaves its target alone", () => {
    const target = join(root, "target");
    const link = join(root, "link");
    writeFileSync(target, "target");
    symlinkSync(target, link);
    expect(writeFileAtomic(link, bytes("mine")).ok).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("target");
    expect(readFileSync(link, "utf8")).toBe("mine");
  });

  test("writeFileAtomic into a missing folder is a fault", () => {
    const result = writeFileAtomic(join(root, "none", "x"), bytes("x"));
    expect(result).toMatchObject({ ok: false, error: { code: "io", reason: "ENOENT" } });
  });
});

describe("readFileBounded", () => {
  test.each([0, 1, 99, 100])("readFileBounded reads a file of %d bytes at a limit of 100", (size) => {
    const path = join(root, `sized-${size}`);
    writeFileSync(path, "x".repeat(size));
    const result = readFileBounded(path, 100);
    expect(result.ok && result.value.length).toBe(size);
  });

  test("readFileBounded refuses one byte more, a link, a FIFO, a device, a folder and what is not there", () => {
    writeFileSync(join(root, "big"), "x".repeat(101));
    symlinkSync(join(root, "big"), join(root, "to-big"));
    execFileSync("mkfifo", [join(root, "fifo")]);
    expect(readFileBounded(join(root, "big"), 100)).toMatchObject({ ok: false, error: { code: "limit" } });
    expect(readFileBounded(join(root, "to-big"), 1_000)).toMatchObject({
      ok: false,
      error: { reason: "ELOOP" },
    });
    for (const path of [join(root, "fifo"), "/dev/zero", root]) {
      expect(readFileBounded(path, 1_000)).toMatchObject({ ok: false, error: { reason: "not_a_file" } });
    }
    expect(readFileBounded(join(root, "none"), 1)).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  test("readFileBounded reads a file of /proc, whose size is zero", () => {
    const result = readFileBounded("/proc/self/status", 65_536);
    expect(result.ok && result.value.length > 100).toBe(true);
  });
});

describe("ensureFolder", () => {
  test("ensureFolder makes missing folders with mode 0700 and tightens an open one", () => {
    const path = join(root, "a", "b");
    expect(ensureFolder(path).ok).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o755);
    expect(ensureFolder(path).ok).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test("ensureFolder refuses a parent that others can write, a link and a file", () => {
    const open = join(root, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    const refused = { ok: false, error: { reason: "parent_writable" } };
    expect(ensureFolder(join(open, "data"))).toMatchObject(refused);
    expect(readdirSync(open)).toEqual([]);
    symlinkSync(root, join(root, "swap"));
    expect(ensureFolder(join(root, "swap"))).toMatchObject({ ok: false, error: { reason: "not_a_folder" } });
    expect(ensureFolder(join(root, "swap", "inner"))).toMatchObject({ error: { reason: "parent_link" } });
    writeFileSync(join(root, "file"), "");
    expect(ensureFolder(join(root, "file")).ok).toBe(false);
  });

  test("ensureFolder accepts a parent that is open but sticky", () => {
    const sticky = join(root, "sticky");
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);
    expect(ensureFolder(join(sticky, "data")).ok).toBe(true);
  });
});
