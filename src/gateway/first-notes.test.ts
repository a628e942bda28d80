/** The first file of a workspace: laid once, never over a file that is there. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BeneathRoot } from "#host/beneath.ts";
import { FIRST_NOTES, layFirstNotes } from "./first-notes.ts";

function place(): { workspace: string; kept: string; lay: () => boolean } & Disposable {
  const root = mkdtempSync(join(tmpdir(), "notes-"));
  const [workspace, kept] = [join(root, "workspace"), join(root, "snapshots")];
  mkdirSync(workspace, { mode: 0o700 });
  const opened = BeneathRoot.open(workspace);
  if (!opened.ok) throw new Error(opened.error.message);
  return {
    workspace,
    kept,
    lay: () => layFirstNotes(opened.value, kept).ok,
    [Symbol.dispose]: () => {
      opened.value[Symbol.dispose]();
      rmSync(root, { recursive: true });
    },
  };
}

test("layFirstNotes writes the file once, and not again after it was deleted", () => {
  using at = place();
  expect(at.lay()).toBe(true);
  expect(readFileSync(join(at.workspace, "notes.md"), "utf8")).toBe(FIRST_NOTES);
  rmSync(join(at.workspace, "notes.md"));
  expect(at.lay()).toBe(true);
  expect(() => readFileSync(join(at.workspace, "notes.md"))).toThrow();
});

test("layFirstNotes leaves a file that is there", () => {
  using at = place();
  writeFileSync(join(at.workspace, "notes.md"), "mine");
  expect(at.lay()).toBe(true);
  expect(readFileSync(join(at.workspace, "notes.md"), "utf8")).toBe("mine");
});
