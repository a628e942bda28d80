/**
 * `folders.json`: the folders that the operator gave to agents beside their workspaces. The command line alone writes
 * it; the gateway may read it and cannot change it, so an agent's reach grows on the operator's word only. What would
 * lead to the program's own files, or to the whole system, is refused for every reader.
 */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type AgentFolder, type AgentFolders, agentFoldersSchema } from "#contracts/agent-folders.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { ensureFolder, readFileBounded, writeFileAtomic } from "./files.ts";
import type { DataPaths } from "./paths.ts";
import { ioFault } from "./system-error.ts";

const FILE_BYTES_MAX = 262_144;
/** Folders of the system: a box sees what it needs of them, and more would be its undoing. */
const SYSTEM = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib64",
  "/proc",
  "/run",
  "/sbin",
  "/sys",
  "/usr",
  "/var",
];

type FolderPaths = Pick<DataPaths, "root" | "operator" | "folders">;

/** The folders of an agent; none where the file is missing. Fails with `config` when the file does not fit. */
export function agentFolders(paths: FolderPaths, agent: string): Result<readonly AgentFolder[], Fault> {
  const all = readAll(paths);
  if (!all.ok) return all;
  const folders = all.value.agents[agent] ?? [];
  const wrong = folders.find(({ path }) => reasonAgainst(path, paths.root) !== undefined);
  if (wrong !== undefined) return fail("config", "folders.json names a folder that no agent may have");
  // A command may have put a link in the place of a folder above it: what lies behind was not given.
  if (folders.some(({ path }) => realOf(path) !== path)) {
    return fail("config", "a folder that was given now lies behind a link", {
      hint: "`wirken agents folder remove PATH` takes it back; operator/folders.json has its path",
    });
  }
  return ok(folders);
}

/**
 * Gives `agent` the folder at `path`, as its real path; what was given before is replaced. Fails with `usage` for a
 * path that is no folder, is one of the system's, or holds or lies in the data folder.
 */
export function giveFolder(
  paths: FolderPaths,
  agent: string,
  path: string,
  access: AgentFolder["access"],
): Result<AgentFolder, Fault> {
  const real = realFolder(path);
  if (!real.ok) return real;
  const against = reasonAgainst(real.value, paths.root);
  if (against !== undefined) return fail("usage", against);
  const folder: AgentFolder = { path: real.value, access };
  const changed = change(paths, agent, (old) => [...old.filter((each) => each.path !== real.value), folder]);
  return changed.ok ? ok(folder) : changed;
}

/** Takes a folder back. Fails with `not_found` where the agent does not have it. */
export function takeFolder(paths: FolderPaths, agent: string, path: string): Result<void, Fault> {
  const real = realFolder(path);
  const all = readAll(paths);
  if (!all.ok) return all;
  // By its name in the list first: one that no agent may have any longer must still be taken back.
  const listed = (all.value.agents[agent] ?? []).map((each) => each.path);
  const known = [path, real.ok ? real.value : path].find((name) => listed.includes(name));
  if (known === undefined) return fail("not_found", "the agent does not have this folder");
  return change(paths, agent, (old) => old.filter((each) => each.path !== known));
}

function change(
  paths: FolderPaths,
  agent: string,
  next: (old: readonly AgentFolder[]) => readonly AgentFolder[],
): Result<void, Fault> {
  const all = readAll(paths);
  if (!all.ok) return all;
  const folders = next(all.value.agents[agent] ?? []);
  if (folders.length > LIMITS.agent_folders_max) {
    return fail("limit", `an agent may have at most ${LIMITS.agent_folders_max} folders`);
  }
  const agents = { ...all.value.agents, [agent]: folders };
  const made = ensureFolder(paths.operator);
  if (!made.ok) return made;
  const text = `${JSON.stringify({ version: 1, agents }, null, 2)}\n`;
  return writeFileAtomic(paths.folders, new TextEncoder().encode(text));
}

function readAll(paths: FolderPaths): Result<AgentFolders, Fault> {
  const bytes = readFileBounded(paths.folders, FILE_BYTES_MAX);
  if (!bytes.ok) return bytes.error.code === "not_found" ? ok({ version: 1, agents: {} }) : bytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.value);
    if (text.trim() === "") return ok({ version: 1, agents: {} });
    const parsed = agentFoldersSchema.safeParse(JSON.parse(text));
    if (parsed.success) return ok(parsed.data);
  } catch {
    return fail("config", "folders.json is not JSON", { hint: "mend the file, or remove it" });
  }
  return fail("config", "folders.json does not fit", { hint: "mend the file, or remove it" });
}

function realFolder(path: string): Result<string, Fault> {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? ok(real) : fail("usage", "the path is not a folder");
  } catch (error) {
    return err(ioFault("the folder could not be found", error));
  }
}

/** Why no agent may have the folder; `undefined` when one may. */
function reasonAgainst(path: string, dataRoot: string): string | undefined {
  // The data folder under either name: as it was configured, and where it really lies.
  const roots = [dataRoot, realOf(dataRoot)];
  const isWithin = (inner: string, outer: string): boolean => `${inner}/`.startsWith(`${outer}/`);
  if (path === "/") return "the whole system cannot be given to an agent";
  if (roots.some((root) => isWithin(path, root) || isWithin(root, path))) {
    return "a folder that holds the program's data, or lies in it, cannot be given to an agent";
  }
  if (SYSTEM.some((folder) => isWithin(path, folder)))
    return "a folder of the system cannot be given to an agent";
  return undefined;
}

/** The real path, as far as the path exists. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realOf(above), basename(path));
  }
}
