/**
 * Puts back what a boxed command changed. All or nothing is begun: first every changed path is compared with what the
 * command left, and where one differs nothing is touched. Works on open folders and follows no link.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
} from "node:fs";
import { readlinkSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import type { KeptChange, KeptEntry } from "#contracts/kept-changes.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { writeFully } from "#host/files.ts";
import { ioFault, systemCode } from "#host/system-error.ts";
import { type Random, systemRandom } from "#runtime/random.ts";
import { sameEntry } from "./changes.ts";
import type { KeptObjects } from "./kept-objects.ts";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE_BITS = 0o7777;

/**
 * Undoes `changes`. Fails with `refused`, reason `changed`, where a path is no longer as the command left it, with
 * `not_found` where old bytes were pushed out; then nothing was touched.
 */
export function undoChanges(
  changes: readonly KeptChange[],
  objects: KeptObjects,
  random: Random = systemRandom,
): Result<void, Fault> {
  for (const change of changes) {
    const checked = check(change, objects);
    if (!checked.ok) return checked;
  }
  try {
    // What was added goes first, the deepest first; then what was there comes back, folders before what is in them.
    for (const change of [...changes].reverse()) if (change.after !== null) removeNow(change);
    for (const change of changes) if (change.before !== null) restore(change, change.before, objects, random);
    // Modes last: a folder that nobody may write could not be filled.
    for (const change of [...changes].reverse()) {
      const { before } = change;
      if (before?.kind === "folder") inFolder(change, (at) => setMode(at, before.mode));
    }
    return ok(undefined);
  } catch (error) {
    return err(ioFault("a file could not be brought back", error));
  }
}

function check(change: KeptChange, objects: KeptObjects): Result<void, Fault> {
  const { before, after } = change;
  if (before?.kind === "file" && !objects.has(before.sha256)) {
    return fail("not_found", "the old version is no longer kept");
  }
  try {
    const now = inFolder(change, (at) => present(at, objects));
    if (sameEntry(now ?? null, after)) return ok(undefined);
  } catch (error) {
    return err(ioFault("a changed file cannot be looked at", error));
  }
  return fail("refused", "a file was changed since; everything was left as it is", { reason: "changed" });
}

/** What stands at a name now. */
function present(at: string, objects: KeptObjects): KeptEntry | null {
  const stats = lstatSync(at, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const mode = stats.mode & MODE_BITS;
  if (stats.isDirectory()) return { kind: "folder", mode };
  if (stats.isSymbolicLink()) return { kind: "link", target: readlinkSync(at) };
  const kept = objects.keepFile(at, LIMITS.box_kept_file_bytes_max);
  return kept.ok ? { kind: "file", mode, sha256: kept.value } : null;
}

/** Takes away what the command left, unless only a folder's mode changed. A folder that holds more stays. */
function removeNow({ before, after, ...where }: KeptChange): void {
  if (before?.kind === "folder" && after?.kind === "folder") return;
  inFolder({ before, after, ...where }, (at) => {
    if (after?.kind !== "folder") return unlinkSync(at);
    try {
      rmdirSync(at);
    } catch (error) {
      if (systemCode(error) !== "ENOTEMPTY") throw error;
    }
  });
}

function restore(change: KeptChange, before: KeptEntry, objects: KeptObjects, random: Random): void {
  const done = inFolder(change, (at, folder) => {
    putBack(before, at, objects, `${folder}/.${random.bytes(12).toHex()}.tmp`);
    return true;
  });
  if (done === undefined) throw new Error("a folder is gone");
}

function putBack(before: KeptEntry, at: string, objects: KeptObjects, temporary: string): void {
  if (before.kind === "link") return symlinkSync(before.target, at);
  if (before.kind === "folder") {
    if (lstatSync(at, { throwIfNoEntry: false }) === undefined) mkdirSync(at, 0o700);
    return;
  }
  const bytes = objects.read(before.sha256, LIMITS.box_kept_file_bytes_max);
  if (!bytes.ok) throw new Error(bytes.error.message);
  const descriptor = openSync(temporary, NEW_FILE, 0o600);
  try {
    writeFully(descriptor, bytes.value);
    fchmodSync(descriptor, before.mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, at);
}

function setMode(at: string, mode: number): void {
  const descriptor = openSync(at, FOLDER);
  try {
    if ((fstatSync(descriptor).mode & MODE_BITS) !== mode) fchmodSync(descriptor, mode);
  } finally {
    closeSync(descriptor);
  }
}

/** Opens the folder that holds the path, one name after the other. `undefined` where that is no folder. */
function inFolder<T>({ root, path }: KeptChange, act: (at: string, folder: string) => T): T | undefined {
  const names = path.split("/");
  const last = names.pop() ?? "";
  let descriptor = openSync(root, FOLDER);
  try {
    for (const name of names) {
      const next = openSync(`/proc/self/fd/${descriptor}/${name}`, FOLDER);
      closeSync(descriptor);
      descriptor = next;
    }
    const folder = `/proc/self/fd/${descriptor}`;
    return act(`${folder}/${last}`, folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
