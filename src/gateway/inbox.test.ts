/** Files that came with a message: hostile handles, names, links and bytes that are not those of the signed frame. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { hash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { parseAgentId, parseInstanceId } from "#contracts/ids.ts";
import { type DataPaths, dataPaths } from "#host/paths.ts";
import { inboxPath, takeFiles } from "./inbox.ts";
import { inbound } from "./lab.case.ts";

const HANDLE = "0123456789abcdef0123456789abcdef";
const agent = parseAgentId("default");
const instance = parseInstanceId("telegram");
if (!agent.ok || !instance.ok) throw new Error("fixture");
const FROM = { agent: agent.value, instance: instance.value };

let paths: DataPaths;
beforeEach(() => {
  paths = dataPaths(mkdtempSync(join(tmpdir(), "inbox-")));
  mkdirSync(paths.spool("telegram"), { recursive: true });
  mkdirSync(dirname(paths.workspace("default")), { recursive: true });
});
afterEach(() => rmSync(paths.root, { recursive: true, force: true }));

/** Takes a message with one file of which the frame says that it is `text`. */
function take(handle: string, text: string, name = "a.txt") {
  const sha256 = hash("sha256", text, "hex");
  const part = {
    kind: "attachment",
    handle,
    name,
    mediaType: "text/plain",
    bytes: text.length,
    sha256,
  } as const;
  return { sha256, taken: takeFiles(paths, FROM, inbound({ parts: [part] }).inbound) };
}

test("takeFiles copies a file that is as announced, takes it out of the spool, and does it again harmlessly", () => {
  const source = join(paths.spool("telegram"), HANDLE);
  writeFileSync(source, "hello");
  const { taken, sha256 } = take(HANDLE, "hello");
  const path = taken.get(HANDLE) ?? "";
  expect(path).toBe(`inbox/${sha256.slice(0, 8)}-a.txt`);
  expect(readFileSync(join(paths.workspace("default"), path), "utf8")).toBe("hello");
  expect(existsSync(source)).toBe(false);
  expect(take(HANDLE, "hello").taken.get(HANDLE)).toBe(path);
});

test.each(["../../vault/vault.db", "/etc/passwd", "..", "", HANDLE.toUpperCase(), `${HANDLE}/x`])(
  "takeFiles takes nothing by the handle %p, and removes nothing",
  (handle) => {
    mkdirSync(paths.vaultFolder, { recursive: true });
    writeFileSync(paths.vaultDb, "SECRET");
    expect(take(handle, "SECRET").taken.size).toBe(0);
    expect(readFileSync(paths.vaultDb, "utf8")).toBe("SECRET");
  },
);

test("takeFiles keeps nothing that is not what the signed frame announced, and follows no link", () => {
  const source = join(paths.spool("telegram"), HANDLE);
  writeFileSync(source, "other");
  expect(take(HANDLE, "hello").taken.size).toBe(0);
  const outside = join(paths.root, "outside");
  writeFileSync(outside, "hello");
  symlinkSync(outside, source);
  expect(take(HANDLE, "hello").taken.size).toBe(0);
  expect(readFileSync(outside, "utf8")).toBe("hello");
  expect(existsSync(join(paths.workspace("default"), "inbox"))).toBe(false);
});

test.each([
  "../../../.bashrc",
  "/etc/cron.d/x",
  "a\0b",
  "..",
  ".git",
  "\u202Egpj.exe",
  "a/b\\c",
  "x".repeat(5_000),
  "",
])("inboxPath makes of the name %p one name in the inbox", (name) => {
  const path = inboxPath({ name, sha256: "ab".repeat(32) });
  expect(normalize(path)).toBe(path);
  expect(path).toMatch(/^inbox\/abababab-[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u);
  expect(Buffer.byteLength(path)).toBeLessThan(200);
  writeFileSync(join(paths.spool("telegram"), HANDLE), "x");
  const { taken } = take(HANDLE, "x", name);
  expect(taken.size).toBe(1);
  expect(readdirSync(join(paths.workspace("default"), "inbox"))).toHaveLength(1);
});
