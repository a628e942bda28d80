import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
} from "node:fs";
import { renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentFolder } from "#contracts/agent-folders.ts";
import type { FromBox, ToBox } from "#contracts/box-link.ts";
import { LIMITS } from "#contracts/limits.ts";
import { dataPaths } from "#host/paths.ts";
import { systemClock } from "#runtime/clock.ts";
import { BoxDesk } from "./desk.ts";

type Order = Extract<ToBox, { readonly kind: `folder_${string}` }>;

const AGENT = "default";

/** A desk, and a folder outside its data folder. No box is run, so none is needed here. */
function lab() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
  const folder = join(root, "notes");
  mkdirSync(folder);
  const paths = dataPaths(join(root, "data"));
  mkdirSync(paths.workspace(AGENT), { recursive: true });
  const sent: FromBox[] = [];
  const desk = new BoxDesk({
    paths,
    clock: systemClock,
    self: { command: ["/bin/false"], sourceRoot: undefined },
    prefix: ["/bin/false"],
    door: -1,
    send: (message) => void sent.push(message),
    drained: () => Promise.resolve(),
  });
  const take = async (message: ToBox): Promise<FromBox> => {
    await desk.take(message);
    const answer = sent.at(-1);
    if (answer === undefined) throw new Error("no answer");
    return answer;
  };
  const base = { id: 1, agent: AGENT, folder } as const;
  return {
    root,
    folder,
    paths,
    take,
    give: (agents: Record<string, readonly AgentFolder[]>) => {
      mkdirSync(paths.operator, { recursive: true });
      writeFileSync(paths.folders, JSON.stringify({ version: 1, agents }));
    },
    read: (path: string, over: Partial<Order> = {}) =>
      take({ ...base, kind: "folder_read", path, bytesMax: 1_000, ...pick(over) }),
    list: (path: string, over: Partial<Order> = {}) =>
      take({ ...base, kind: "folder_list", path, entriesMax: 3, ...pick(over) }),
    write: (path: string, text: string, before = "", over: Partial<Order> = {}) =>
      take({ ...base, kind: "folder_write", path, before, base64: btoa(text), ...pick(over) }),
    undo: (answer: FromBox) =>
      take({ kind: "undo", id: 2, agent: AGENT, changes: answer.kind === "wrote" ? answer.changes : "" }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function pick({ agent, folder }: Partial<Order>) {
  return { ...(agent === undefined ? {} : { agent }), ...(folder === undefined ? {} : { folder }) };
}

function hash(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

describe("takeFolderOrder", () => {
  test("takeFolderOrder reads, lists and writes where the operator said so, and undo brings it back", async () => {
    using at = lab();
    at.give({ [AGENT]: [{ path: at.folder, access: "write" }] });
    writeFileSync(join(at.folder, "a"), "old", { mode: 0o640 });
    expect(await at.read("a")).toEqual({ kind: "file", id: 1, base64: btoa("old") });
    const wrote = await at.write("a", "new", hash("old"));
    expect(wrote).toMatchObject({ kind: "wrote", changed: 1 });
    expect(readFileSync(join(at.folder, "a"), "utf8")).toBe("new");
    expect(statSync(join(at.folder, "a")).mode & 0o777).toBe(0o640);
    const made = await at.write("x/y/z", "deep");
    expect(made).toMatchObject({ kind: "wrote", changed: 3 });
    expect(await at.list(".")).toMatchObject({ entries: [{ name: "a" }, { name: "x", kind: "folder" }] });
    expect(await at.undo(made)).toMatchObject({ done: true });
    expect(await at.undo(wrote)).toMatchObject({ done: true });
    expect(readdirSync(at.folder)).toEqual(["a"]);
    expect(readFileSync(join(at.folder, "a"), "utf8")).toBe("old");
    expect(await at.undo(wrote)).toMatchObject({ done: false });
  });

  test("takeFolderOrder gives nothing that was not given: another agent's, for reading only, above, beside", async () => {
    using at = lab();
    const other = join(at.root, "other");
    mkdirSync(other);
    writeFileSync(join(other, "secret"), "SECRET");
    writeFileSync(join(at.folder, "a"), "old");
    at.give({ [AGENT]: [{ path: at.folder, access: "read" }], b: [{ path: other, access: "write" }] });
    const refused = { kind: "refused", reason: "not_given" } as const;
    expect(await at.read("secret", { folder: other })).toMatchObject(refused);
    expect(await at.list(".", { folder: at.root })).toMatchObject(refused);
    expect(await at.read("a", { folder: `${at.folder}/.` })).toMatchObject(refused);
    expect(await at.read("a", { agent: "nobody" })).toMatchObject(refused);
    expect(await at.write("a", "new", hash("old"))).toMatchObject(refused);
    expect(readFileSync(join(at.folder, "a"), "utf8")).toBe("old");
    expect(await at.read("../other/secret")).toMatchObject({ kind: "refused", reason: "path" });
    expect(await at.read(join(other, "secret"))).toMatchObject({ kind: "refused", reason: "path" });
  });

  test("takeFolderOrder refuses links, hard links, FIFOs and what is too large", async () => {
    using at = lab();
    at.give({ [AGENT]: [{ path: at.folder, access: "write" }] });
    writeFileSync(join(at.root, "secret"), "SECRET");
    symlinkSync(join(at.root, "secret"), join(at.folder, "link"));
    symlinkSync(at.root, join(at.folder, "up"));
    linkSync(join(at.root, "secret"), join(at.folder, "hard"));
    execFileSync("mkfifo", [join(at.folder, "fifo")]);
    writeFileSync(join(at.folder, "large"), "x".repeat(1_001));
    for (const path of ["link", "up/secret", "hard", "fifo", "large", "."]) {
      expect([path, (await at.read(path)).kind]).toEqual([path, "refused"]);
    }
    for (const path of ["link", "up/secret", "up/new", "hard", "fifo", "."]) {
      for (const before of ["", hash("SECRET")]) {
        expect([path, (await at.write(path, "x", before)).kind]).toEqual([path, "refused"]);
      }
    }
    expect(readFileSync(join(at.root, "secret"), "utf8")).toBe("SECRET");
    expect(existsSync(join(at.root, "new"))).toBe(false);
    expect(await at.list(".")).toMatchObject({ kind: "names", more: true });
  });

  test("takeFolderOrder leads nowhere when a link took the place of the folder, or of one above it", async () => {
    using at = lab();
    const outer = join(at.root, "outer");
    const inner = join(outer, "inner");
    const elsewhere = join(at.root, "elsewhere");
    for (const folder of [inner, join(elsewhere, "inner")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(elsewhere, "inner", "a"), "SECRET");
    at.give({ [AGENT]: [{ path: inner, access: "write" }] });
    renameSync(outer, `${outer}.old`);
    symlinkSync(elsewhere, outer);
    expect(await at.read("a", { folder: inner })).toMatchObject({ kind: "refused", reason: "config" });
    expect(await at.write("a", "x", hash("SECRET"), { folder: inner })).toMatchObject({ kind: "refused" });
    expect(readFileSync(join(elsewhere, "inner", "a"), "utf8")).toBe("SECRET");
    rmSync(outer);
    // Nor is a folder made again that is gone.
    expect(await at.write("a", "x", "", { folder: inner })).toMatchObject({ kind: "refused" });
    expect(existsSync(outer)).toBe(false);
  });

  test("takeFolderOrder writes nothing over a file that is not as it was decided about", async () => {
    using at = lab();
    at.give({ [AGENT]: [{ path: at.folder, access: "write" }] });
    writeFileSync(join(at.folder, "a"), "now");
    for (const before of ["", hash("then")]) {
      expect(await at.write("a", "x", before)).toMatchObject({ kind: "refused", reason: "changed" });
    }
    expect(await at.write("gone", "x", hash("then"))).toMatchObject({ kind: "refused", reason: "changed" });
    expect(readFileSync(join(at.folder, "a"), "utf8")).toBe("now");
  });

  test("takeFolderOrder gives nothing of a folder that was taken back, that holds the data folder, or by a bad list", async () => {
    using at = lab();
    writeFileSync(join(at.folder, "a"), "old");
    at.give({ [AGENT]: [{ path: at.folder, access: "write" }] });
    const wrote = await at.write("a", "new", hash("old"));
    at.give({});
    expect(await at.read("a")).toMatchObject({ kind: "refused", reason: "not_given" });
    expect(await at.undo(wrote)).toMatchObject({ done: false });
    for (const folder of [at.root, at.paths.root, at.paths.workspace(AGENT), "/", "/etc"]) {
      at.give({ [AGENT]: [{ path: folder, access: "write" }] });
      expect([folder, (await at.list(".", { folder })).kind]).toEqual([folder, "refused"]);
    }
    writeFileSync(at.paths.folders, "{");
    expect(await at.read("a")).toMatchObject({ kind: "refused", reason: "config" });
    expect(readFileSync(join(at.folder, "a"), "utf8")).toBe("new");
  });

  test("takeFolderOrder reads whole what the link can carry", async () => {
    using at = lab();
    at.give({ [AGENT]: [{ path: at.folder, access: "read" }] });
    writeFileSync(join(at.folder, "a"), "x".repeat(LIMITS.folder_file_bytes_max));
    const order = { id: 1, agent: AGENT, folder: at.folder, kind: "folder_read", path: "a" } as const;
    const answer = await at.take({ ...order, bytesMax: LIMITS.folder_file_bytes_max });
    expect(answer.kind).toBe("file");
  });
});
