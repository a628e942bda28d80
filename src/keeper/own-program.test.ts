import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashFile } from "#host/executable-hash.ts";
import { OwnProgram } from "./own-program.ts";

const ROOT = mkdtempSync(join(tmpdir(), "wk-own-"));
afterAll(() => rmSync(ROOT, { recursive: true }));

const path = join(ROOT, "program");
const changed = { ok: false, error: { code: "refused", reason: "program_changed" } };

function fresh(): OwnProgram {
  writeFileSync(path, "the program");
  utimesSync(path, 1_000, 1_000);
  const hash = hashFile(path);
  if (!hash.ok) throw new Error("fixture");
  return new OwnProgram(path, hash.value);
}

test("OwnProgram refuses a file that was put in the program's place, also with its size and times", () => {
  const program = fresh();
  expect(program.check().ok).toBe(true);
  const other = join(ROOT, "other");
  writeFileSync(other, "the pr0gram");
  utimesSync(other, 1_000, 1_000);
  renameSync(other, path);
  expect(program.check()).toMatchObject(changed);
  rmSync(path);
  expect(program.check()).toMatchObject(changed);
});

test("OwnProgram refuses a file that was written into, with its times put back", () => {
  const program = fresh();
  expect(program.check().ok).toBe(true);
  writeFileSync(path, "the pr0gram");
  utimesSync(path, 1_000, 1_000);
  expect(program.check()).toMatchObject(changed);
});

test("OwnProgram takes the same bytes after a change of their mode", () => {
  const program = fresh();
  expect(program.check().ok).toBe(true);
  chmodSync(path, 0o700);
  expect(program.check().ok).toBe(true);
});
