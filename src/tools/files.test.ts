import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { manualClock } from "#runtime/clock.ts";
import { toolLab } from "./lab.case.ts";
import { isReplayed, replay } from "./replay.ts";
import { openSnapshots, undoWrite } from "./snapshots.ts";

describe("read_file, list_files, search_files", () => {
  test("they answer from the workspace, and replay makes the same answers from what they recorded", async () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "notes.md"), "# Notes\nbuy milk\ncall Bo\n");
    writeFileSync(join(lab.workspace, "binary"), Buffer.from([0, 159, 1]));
    mkdirSync(join(lab.workspace, "sub"));
    writeFileSync(join(lab.workspace, "sub", "deep.txt"), "MILK and honey");
    const cases: readonly (readonly [string, JsonObject, string])[] = [
      ["read_file", { path: "./notes.md" }, "# Notes\nbuy milk\ncall Bo\n"],
      ["read_file", { path: "notes.md", from_line: 2, lines: 1 }, "buy milk\n[lines 2 to 2 of 4]"],
      ["list_files", {}, "binary\nnotes.md\nsub/"],
      [
        "search_files",
        { query: "milk" },
        "notes.md:2: buy milk\nsub/deep.txt:1: MILK and honey\n[2 lines in 3 files read]",
      ],
      [
        "search_files",
        { query: "milk", ignore_case: false },
        "notes.md:2: buy milk\n[1 lines in 3 files read]",
      ],
    ];
    for (const [tool, args, expected] of cases) {
      const prepared = lab.prepare(tool, args);
      const outcome = await lab.perform(prepared);
      expect(outcome).toMatchObject({ ok: true, output: expected, truncated: false });
      if (!isReplayed(tool)) throw new Error(tool);
      const stored: unknown = JSON.parse(JSON.stringify(outcome.recorded));
      expect(replay(tool, prepared.action.args, stored)).toEqual({ ok: true, value: expected });
    }
    expect((await lab.run("read_file", { path: "binary" })).output).toStartWith(
      "[not text: 3 bytes, sha256 ",
    );
  });

  test("replay tells another record, and a line that does not match, from what was recorded", async () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "a"), "one two");
    const prepared = lab.prepare("search_files", { query: "one" });
    const { recorded } = await lab.perform(prepared);
    expect(replay("search_files", prepared.action.args, recorded).ok).toBe(true);
    const forged = { ...recorded, found: [{ path: "a", line: 1, text: "three" }] };
    expect(replay("search_files", prepared.action.args, forged)).toEqual({ ok: false, error: "malformed" });
    expect(replay("read_file", {}, null)).toEqual({ ok: false, error: "malformed" });
  });

  test("a long file is capped head and tail with a line that says how much is missing", async () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "long"), `START${"é".repeat(60_000)}END`);
    const outcome = await lab.run("read_file", { path: "long" });
    expect(outcome.bytes).toBe(120_008);
    expect(outcome.truncated).toBe(true);
    expect(Buffer.byteLength(outcome.output)).toBeLessThanOrEqual(LIMITS.tool_output_bytes_max);
    expect(outcome.output).toMatch(/^STARTé+\n\[\d+ bytes left out\]\né+END$/);
  });

  test.each(["link", "hard", "fifo", "proc/etc/passwd", "up/vault"])(
    "%s is refused by each tool",
    async (path) => {
      using lab = toolLab();
      writeFileSync(join(lab.root, "vault"), "SECRET");
      symlinkSync(join(lab.root, "vault"), join(lab.workspace, "link"));
      linkSync(join(lab.root, "vault"), join(lab.workspace, "hard"));
      symlinkSync("/proc/self/root", join(lab.workspace, "proc"));
      symlinkSync(lab.root, join(lab.workspace, "up"));
      execFileSync("mkfifo", [join(lab.workspace, "fifo")]);
      for (const [tool, args] of [
        ["read_file", { path }],
        ["list_files", { path }],
        ["write_file", { path, content: "x" }],
        ["edit_file", { path, old_text: "SECRET", new_text: "x" }],
      ] as const) {
        const outcome = await lab.run(tool, args);
        expect([tool, outcome.ok]).toEqual([tool, false]);
        expect(outcome.output).not.toContain("SECRET");
      }
      const search = await lab.run("search_files", { query: "SECRET" });
      expect(search.output).toBe("[0 lines in 1 files read]");
      expect(readFileSync(join(lab.root, "vault"), "utf8")).toBe("SECRET");
    },
  );

  test.each(["/etc/passwd", "../x", "a/../../x", "a\0b"])(
    "a path outside (%p) is refused before any effect",
    (path) => {
      using lab = toolLab();
      for (const tool of ["read_file", "list_files"]) {
        expect(lab.prepare(tool, { path }).refusal).toContain("only files of the workspace");
      }
      expect(lab.prepare("write_file", { path, content: "" }).refusal).toContain(
        "only files of the workspace",
      );
    },
  );
});

describe("write_file and edit_file", () => {
  test("they show the difference, keep the old bytes, and undo brings them back", async () => {
    using lab = toolLab();
    await lab.run("write_file", { path: "a/b.txt", content: "one\ntwo\nthree\n" });
    const prepared = lab.prepare("edit_file", { path: "a/b.txt", old_text: "two", new_text: "2" });
    expect(prepared.action).toMatchObject({
      kind: "workspace_write",
      path: "a/b.txt",
      bytes: 12,
      difference: "@@ -1,4 +1,4 @@\n one\n-two\n+2\n three\n ",
    });
    const outcome = await lab.perform(prepared);
    const file = join(lab.workspace, "a/b.txt");
    expect(readFileSync(file, "utf8")).toBe("one\n2\nthree\n");
    if (outcome.undo === undefined) throw new Error("no undo");
    expect(undoWrite(lab.context.workspace, lab.context.snapshots, outcome.undo).ok).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("one\ntwo\nthree\n");
    // A second time the file is not what the write left any more.
    expect(undoWrite(lab.context.workspace, lab.context.snapshots, outcome.undo)).toMatchObject({
      ok: false,
      error: { reason: "changed" },
    });
  });

  test("undo of a new file removes it", async () => {
    using lab = toolLab();
    const outcome = await lab.run("write_file", { path: "new", content: "x" });
    expect(outcome.undo?.before).toBe("");
    if (outcome.undo === undefined) throw new Error("no undo");
    expect(undoWrite(lab.context.workspace, lab.context.snapshots, outcome.undo).ok).toBe(true);
    expect(readdirSync(lab.workspace)).toEqual([]);
  });

  test("a file that changed after the call was decided is left alone", async () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "f"), "shown");
    const prepared = lab.prepare("write_file", { path: "f", content: "new" });
    writeFileSync(join(lab.workspace, "f"), "not shown");
    expect(await lab.perform(prepared)).toMatchObject({ ok: false, code: "changed" });
    expect(readFileSync(join(lab.workspace, "f"), "utf8")).toBe("not shown");
  });

  test("other bytes than the approved ones are not written", async () => {
    using lab = toolLab();
    const prepared = lab.prepare("write_file", { path: "f", content: "approved" });
    const swapped = { ...prepared, body: new TextEncoder().encode("APPROVED") };
    expect(await lab.perform(swapped)).toMatchObject({ ok: false, code: "changed" });
    expect(readdirSync(lab.workspace)).toEqual([]);
  });

  test("a file too large to be kept makes the call destructive", () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "big"), new Uint8Array(LIMITS.write_bytes_max + 1));
    expect(lab.prepare("write_file", { path: "big", content: "x" })).toMatchObject({
      action: { kind: "destructive_file_op", operation: "overwrite" },
    });
    expect(lab.prepare("edit_file", { path: "big", old_text: "x", new_text: "y" }).refusal).toBeDefined();
  });

  test("edit_file refuses an old text that is absent, empty or ambiguous", () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "f"), "aa bb aa");
    for (const old_text of ["cc", "", "aa"]) {
      expect(lab.prepare("edit_file", { path: "f", old_text, new_text: "x" }).refusal).toBeDefined();
    }
  });

  test("snapshots stay within their bound, the oldest go first", () => {
    using lab = toolLab();
    const clock = manualClock();
    const snapshots = openSnapshots(join(lab.root, "agents", "default", "s"), clock, 250);
    const names = [1, 2, 3].map((byte) => {
      const kept = snapshots.keep(new Uint8Array(100).fill(byte));
      void clock.advance(10_000);
      return kept.ok ? kept.value : "";
    });
    expect(names.map((name) => snapshots.read(name).ok)).toEqual([false, true, true]);
    expect(snapshots.read("../../../vault").ok).toBe(false);
  });
});

describe("prepareCall", () => {
  test("a call that is not understood is an unknown tool with a reason, and is never performed", async () => {
    using lab = toolLab();
    const bad: readonly (readonly [string, JsonObject])[] = [
      ["rm_rf", {}],
      ["read_file", {}],
      ["read_file", { path: 7 }],
      ["read_file", { path: "a", surplus: 1 }],
      ["read_file", { path: "a", lines: 0 }],
      ["__proto__", {}],
      ["toString", {}],
    ];
    for (const [tool, args] of bad) {
      const prepared = lab.prepare(tool, args);
      expect(prepared.action.kind).toBe("unknown_tool");
      expect(prepared.refusal).toBeDefined();
      expect((await lab.perform(prepared)).code).toBe("refused");
    }
  });
});
