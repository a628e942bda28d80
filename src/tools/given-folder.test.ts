import { describe, expect, test } from "bun:test";
import type { AgentFolder } from "#contracts/agent-folders.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import { givenFolderOf, placeOf } from "./file-place.ts";
import type { FolderPlace, FolderPort, GivenFolders } from "./folder-port.ts";
import { toolLab } from "./lab.case.ts";
import { isReplayed, replay } from "./replay.ts";

const READ: AgentFolder = { path: "/srv/read", access: "read" };
const WRITE: AgentFolder = { path: "/srv/write", access: "write" };
const CHANGES = "a".repeat(64);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A lab with both folders, whose port answers and keeps what it was asked. */
function lab(seen?: Result<Uint8Array, Fault>, over: Partial<FolderPort> = {}) {
  const asked: (readonly [string, FolderPlace, ...unknown[]])[] = [];
  const port: FolderPort = {
    readFile: async (place, max) => {
      asked.push(["read", place, max]);
      return place.path === "a.md" ? ok(bytes("buy milk\n")) : fail("not_found", "there is no such file");
    },
    listFolder: async (place, max) => {
      asked.push(["list", place, max]);
      return ok({ entries: [{ name: "a.md", kind: "file" }], more: false });
    },
    writeFile: async (place, before, body) => {
      asked.push(["write", place, before, new TextDecoder().decode(body)]);
      return ok({ changes: CHANGES, changed: 1 });
    },
    ...over,
  };
  const given: GivenFolders = { port, agent: "default", folders: [READ, WRITE], missing: "" };
  return { asked, at: toolLab({ given: seen === undefined ? given : { ...given, seen } }) };
}

describe("placeOf", () => {
  const { given } = lab().at.context;

  test.each([
    ["/srv/read/a", "given", "/srv/read/a"],
    ["/srv/read", "given", "/srv/read"],
    ["//srv/./read//a/", "given", "/srv/read/a"],
    ["/srv/read/../write/a", "outside", "/srv/read/../write/a"],
    ["/srv/readable/a", "outside", "/srv/readable/a"],
    ["/srv", "outside", "/srv"],
    ["/", "outside", "/"],
    ["../srv/read/a", "outside", "../srv/read/a"],
    ["srv/read/a", "workspace", "srv/read/a"],
    ["/srv/read/a\0b", "outside", "/srv/read/a\0b"],
  ])("placeOf puts %p %p", (path, kind, shown) => {
    expect(placeOf(path, given, "read")).toMatchObject({ kind, path: shown });
  });

  test("placeOf lets a call write where it was given for writing, and says so where it was not", () => {
    expect(placeOf("/srv/write/a", given, "write")).toMatchObject({ kind: "given", folder: "/srv/write" });
    const refused = placeOf("/srv/read/a", given, "write");
    expect(refused.kind === "outside" && refused.why).toContain("for reading only");
    const none = placeOf("/srv/read/a", { ...given, missing: "there is no box" }, "read");
    expect(none).toMatchObject({ kind: "outside", why: "there is no box" });
  });

  test("givenFolderOf takes the innermost, so that a part given for reading stays so", () => {
    const inner: AgentFolder = { path: "/srv/write/quiet", access: "read" };
    expect(givenFolderOf("/srv/write/quiet/a", [inner, WRITE])).toEqual(inner);
    expect(givenFolderOf("/srv/write/quiet/a", [WRITE, inner])).toEqual(inner);
  });
});

describe("file tools in a given folder", () => {
  test("read_file, list_files and search_files read it, by its real path, and replay makes the same", async () => {
    const { at, asked } = lab();
    using _lab = at;
    const cases: readonly (readonly [string, JsonObject, string])[] = [
      ["read_file", { path: "/srv/read/./a.md" }, "buy milk\n"],
      ["list_files", { path: "/srv/read" }, "a.md"],
      [
        "search_files",
        { path: "/srv/read", query: "MILK" },
        "/srv/read/a.md:1: buy milk\n[1 lines in 1 files read]",
      ],
    ];
    for (const [tool, args, output] of cases) {
      const prepared = at.prepare(tool, args);
      expect(prepared.action).toMatchObject({ kind: "folder_read", folder: "/srv/read" });
      const outcome = await at.perform(prepared);
      expect(outcome).toMatchObject({ ok: true, output });
      if (!isReplayed(tool)) throw new Error(tool);
      expect(replay(tool, prepared.action.args, outcome.recorded)).toEqual({ ok: true, value: output });
    }
    expect(asked[0]).toEqual(["read", { agent: "default", folder: "/srv/read", path: "a.md" }, 262_144]);
    expect(await at.run("read_file", { path: "/srv/read/none" })).toMatchObject({ code: "not_found" });
  });

  test("write_file and edit_file show the difference from what was seen, and bind the write to it", async () => {
    const { at, asked } = lab(ok(bytes("one\ntwo\n")));
    using _lab = at;
    const prepared = at.prepare("edit_file", { path: "/srv/write/a", old_text: "two", new_text: "2" });
    expect(prepared.action).toMatchObject({ kind: "folder_write", path: "/srv/write/a", bytes: 6 });
    expect(prepared.action.kind === "folder_write" && prepared.action.difference).toContain("-two\n+2");
    expect(asked).toEqual([]);
    const outcome = await at.perform(prepared);
    expect(outcome).toMatchObject({ ok: true, boxUndo: { changes: CHANGES, changed: 1 } });
    const before = new Bun.CryptoHasher("sha256").update("one\ntwo\n").digest("hex");
    expect(asked).toEqual([
      ["write", { agent: "default", folder: "/srv/write", path: "a" }, before, "one\n2\n"],
    ]);
  });

  test("write_file is refused where the file was not seen, cannot be read, or would be too large", () => {
    const args = { path: "/srv/write/a", content: "x" };
    expect(lab().at.prepare("write_file", args).refusal).toContain("not looked at");
    const linked = lab(fail("refused", "the path goes through a link")).at.prepare("write_file", args);
    expect(linked).toMatchObject({ action: { kind: "external_file_write" } });
    expect(linked.refusal).toContain("link");
    const content = "x".repeat(LIMITS.folder_file_bytes_max + 1);
    const large = lab(fail("not_found", "none")).at.prepare("write_file", { path: "/srv/write/a", content });
    expect(large.refusal).toContain("too large");
    expect(lab().at.prepare("write_file", { path: "/srv/read/a", content: "x" }).refusal).toContain(
      "reading",
    );
    expect(lab().at.prepare("write_file", { path: "/etc/x", content: "x" }).refusal).toContain("folder add");
  });

  test("a folder taken back, or a file changed, between approval and act is a failure that says so", async () => {
    const refused = fail("refused", "taken back", { reason: "not_given" });
    const { at } = lab(fail("not_found", "none"), { writeFile: () => Promise.resolve(refused) });
    using _lab = at;
    const outcome = await at.run("write_file", { path: "/srv/write/a", content: "x" });
    expect(outcome).toMatchObject({ ok: false, code: "not_given" });
    expect(outcome.boxUndo).toBeUndefined();
  });

  test("other bytes than the approved ones are not written to a given folder", async () => {
    const { at, asked } = lab(fail("not_found", "none"));
    using _lab = at;
    const prepared = at.prepare("write_file", { path: "/srv/write/a", content: "approved" });
    expect(await at.perform({ ...prepared, body: bytes("other") })).toMatchObject({ code: "changed" });
    expect(asked).toEqual([]);
  });
});
