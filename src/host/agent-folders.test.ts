import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIMITS } from "#contracts/limits.ts";
import { agentFolders, giveFolder, takeFolder } from "./agent-folders.ts";
import { dataPaths } from "./paths.ts";

function lab() {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "wirken-folders-")));
  const [root, project] = [join(base, "data"), join(base, "project")];
  mkdirSync(join(root, "agents"), { recursive: true, mode: 0o700 });
  mkdirSync(join(project, "sub"), { recursive: true });
  const dispose = (): void => rmSync(base, { recursive: true, force: true });
  return { base, project, paths: dataPaths(root), [Symbol.dispose]: dispose };
}

test("giveFolder keeps the real path, replaces what was given, and takeFolder takes it back", () => {
  using at = lab();
  symlinkSync(at.project, join(at.base, "link"));
  expect(giveFolder(at.paths, "a", join(at.base, "link"), "read")).toMatchObject({ ok: true });
  expect(giveFolder(at.paths, "a", join(at.project, ".", "sub", ".."), "write")).toMatchObject({ ok: true });
  expect(agentFolders(at.paths, "a")).toEqual({ ok: true, value: [{ path: at.project, access: "write" }] });
  expect(agentFolders(at.paths, "b")).toEqual({ ok: true, value: [] });
  expect(takeFolder(at.paths, "a", at.project).ok).toBe(true);
  expect(takeFolder(at.paths, "a", at.project)).toMatchObject({ ok: false, error: { code: "not_found" } });
});

test("giveFolder refuses what leads to the program's files, the system or nowhere", () => {
  using at = lab();
  writeFileSync(join(at.base, "file"), "");
  symlinkSync(join(at.paths.root, "agents"), join(at.base, "inside"));
  const refused = ["/", "/etc", "/usr/share", "/proc", at.base, at.paths.root, join(at.paths.root, "agents")];
  for (const path of [...refused, join(at.base, "inside"), join(at.base, "file"), join(at.base, "none")]) {
    expect([path, giveFolder(at.paths, "a", path, "read").ok]).toEqual([path, false]);
  }
});

test("agentFolders refuses a list that somebody wrote by hand, whatever is wrong with it", () => {
  using at = lab();
  mkdirSync(at.paths.operator, { mode: 0o700 });
  const folder = (path: string) => JSON.stringify({ version: 1, agents: { a: [{ path, access: "read" }] } });
  for (const text of ["{", "[]", folder(at.paths.root), folder("/"), folder("relative"), folder("/etc")]) {
    writeFileSync(at.paths.folders, text);
    expect([text, agentFolders(at.paths, "a").ok]).toEqual([text, false]);
  }
  writeFileSync(at.paths.folders, "");
  expect(agentFolders(at.paths, "a")).toEqual({ ok: true, value: [] });
});

test("giveFolder stops at its bound", () => {
  using at = lab();
  for (let n = 0; n < LIMITS.agent_folders_max; n++) {
    mkdirSync(join(at.project, `f${n}`));
    expect(giveFolder(at.paths, "a", join(at.project, `f${n}`), "read").ok).toBe(true);
  }
  expect(giveFolder(at.paths, "a", at.project, "read")).toMatchObject({
    ok: false,
    error: { code: "limit" },
  });
});

test("giveFolder and agentFolders know the data folder by its real path, too", () => {
  using at = lab();
  symlinkSync(at.base, `${at.base}.link`);
  try {
    const paths = dataPaths(join(`${at.base}.link`, "data"));
    for (const path of [at.base, at.paths.root, join(at.paths.root, "agents")]) {
      expect([path, giveFolder(paths, "a", path, "read").ok]).toEqual([path, false]);
      mkdirSync(paths.operator, { recursive: true });
      const list = { version: 1, agents: { a: [{ path, access: "write" }] } };
      writeFileSync(paths.folders, JSON.stringify(list));
      expect([path, agentFolders(paths, "a").ok]).toEqual([path, false]);
      rmSync(paths.folders);
    }
  } finally {
    rmSync(`${at.base}.link`);
  }
});

test("agentFolders gives nothing while a link stands above a given folder, and takeFolder takes that one back", () => {
  using at = lab();
  const deep = join(at.project, "sub", "deep");
  for (const path of [deep, join(at.base, "elsewhere", "deep")]) mkdirSync(path, { recursive: true });
  expect(giveFolder(at.paths, "a", deep, "write").ok).toBe(true);
  rmSync(join(at.project, "sub"), { recursive: true });
  expect(agentFolders(at.paths, "a").ok).toBe(true); // gone is no other place
  symlinkSync(join(at.base, "elsewhere"), join(at.project, "sub"));
  expect(agentFolders(at.paths, "a")).toMatchObject({ ok: false, error: { code: "config" } });
  expect(takeFolder(at.paths, "a", deep).ok).toBe(true);
  expect(agentFolders(at.paths, "a")).toEqual({ ok: true, value: [] });
});
