/**
 * The data folder's tree, and what becomes of sealed state when its keys go: state that was sealed for one
 * run cannot be read by the next, so it is removed; state of a vault that is gone is put aside, never
 * removed.
 */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { ensureFile, ensureFolder } from "#host/files.ts";
import type { DataPaths } from "#host/paths.ts";
import { ioFault } from "#host/system-error.ts";

/** A Unix socket's path has at most 107 bytes before its zero byte (docs/formats/frames.md). */
const SOCKET_PATH_BYTES_MAX = 107;
/** The gateway's own state is not sealed by the keeper's keys. */
const UNSEALED = "gateway";
/**
 * Peers whose keys live for one run where there is no vault; a channel with credentials came with the
 * vault's keys.
 */
const RUN_PEERS: readonly string[] = ["signer", "console", "webchat", "mcp"];

/** Makes the tree, every folder 0700. Refuses a data folder whose sockets could not be named. */
export function prepareFolders(paths: DataPaths, agents: readonly string[]): Result<void, Fault> {
  if (Buffer.byteLength(paths.gatewaySocket) > SOCKET_PATH_BYTES_MAX) {
    return fail("config", "the data folder's path is too long for a socket in it", {
      reason: "socket_path",
      hint: "choose a shorter one with WIRKEN_DATA_DIR",
    });
  }
  const folders = [
    paths.root,
    paths.auditFolder,
    paths.auditArchive,
    paths.sockets,
    paths.skills,
    join(paths.root, "state"),
    join(paths.root, "spool"),
    join(paths.root, "agents"),
    ...agents.flatMap((agent) => [paths.agent(agent), paths.workspace(agent)]),
  ];
  for (const folder of folders) {
    const made = ensureFolder(folder);
    if (!made.ok) return made;
  }
  return ok(undefined);
}

/**
 * Settles what earlier runs left in `state/`. `ephemeral`: this run's keys are its own. `nowMs` names a
 * folder that is put aside. Returns true when something was put aside.
 */
export function settleState(paths: DataPaths, ephemeral: boolean, nowMs: number): Result<boolean, Fault> {
  const root = join(paths.root, "state");
  const marker = join(root, ".for-one-run");
  try {
    const marked = existsSync(marker);
    const sealed = readdirSync(root).filter((name) => name !== UNSEALED && !name.startsWith("."));
    let aside = false;
    for (const name of sealed) {
      const folder = join(root, name);
      if (marked) {
        if (RUN_PEERS.includes(name)) rmSync(folder, { recursive: true });
      } else if (ephemeral && readdirSync(folder).length > 0) {
        const kept = join(paths.root, `state-aside-${nowMs}`);
        const made = ensureFolder(kept);
        if (!made.ok) return made;
        renameSync(folder, join(kept, name));
        aside = true;
      }
    }
    if (!ephemeral) rmSync(marker, { force: true });
    const marking = ephemeral ? ensureFile(marker) : ok(undefined);
    return marking.ok ? ok(aside) : marking;
  } catch (error) {
    return err(ioFault("the state folder could not be settled", error));
  }
}
