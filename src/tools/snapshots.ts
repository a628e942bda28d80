/**
 * Old bytes of files that a tool is about to overwrite, by their hash, so that an edit can be undone. Bounded: when
 * the folder grows beyond its limit the oldest go first.
 */
import { readdirSync, statSync, unlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { BeneathRoot } from "#host/beneath.ts";
import { ensureFolder, readFileBounded, writeFileAtomic } from "#host/files.ts";
import type { Clock } from "#runtime/clock.ts";
import { sha256Hex } from "./digest.ts";
import type { Undo } from "./tool.ts";

export interface Snapshots {
  /** Keeps bytes; the answer is their SHA-256, durable when it returns. */
  keep(bytes: Uint8Array): Result<string, Fault>;
  /** Kept bytes; `not_found` when they were pushed out. */
  read(sha256: string): Result<Uint8Array, Fault>;
}

const HASH = /^[0-9a-f]{64}$/;

/** Snapshots in `folder` (made when needed), bounded to `bytesMax`. */
export function openSnapshots(
  folder: string,
  clock: Clock,
  bytesMax: number = LIMITS.snapshot_bytes_max,
): Snapshots {
  return {
    keep: (bytes) => {
      const made = ensureFolder(folder);
      if (!made.ok) return made;
      const sha256 = sha256Hex(bytes);
      const path = join(folder, sha256);
      const now = clock.now() / 1_000;
      const present = statSync(path, { throwIfNoEntry: false });
      if (present === undefined) {
        const written = writeFileAtomic(path, bytes);
        if (!written.ok) return written;
      }
      utimesSync(path, now, now); // used again: young again
      dropOldest(folder, bytesMax, sha256);
      return ok(sha256);
    },
    read: (sha256) => {
      if (!HASH.test(sha256)) return fail("damaged", "not the name of a snapshot");
      const bytes = readFileBounded(join(folder, sha256), LIMITS.write_bytes_max);
      if (!bytes.ok) return bytes;
      if (sha256Hex(bytes.value) !== sha256) return fail("damaged", "a snapshot does not have its hash");
      return bytes;
    },
  };
}

/** Puts back what was there before a write, if the file still is what the write left. */
export function undoWrite(workspace: BeneathRoot, snapshots: Snapshots, undo: Undo): Result<void, Fault> {
  const now = workspace.read(undo.path, LIMITS.write_bytes_max);
  if (!now.ok) return now;
  if (sha256Hex(now.value.bytes) !== undo.after) {
    return fail("refused", "the file was changed since; it was left as it is", { reason: "changed" });
  }
  if (undo.before === "") return workspace.remove(undo.path);
  const old = snapshots.read(undo.before);
  return old.ok ? workspace.write(undo.path, old.value) : old;
}

function dropOldest(folder: string, bytesMax: number, spare: string): void {
  const files = readdirSync(folder)
    .filter((name) => HASH.test(name))
    .map((name) => ({ name, stats: statSync(join(folder, name)) }))
    .sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
  let total = files.reduce((sum, file) => sum + file.stats.size, 0);
  for (const file of files) {
    if (total <= bytesMax) return;
    if (file.name === spare) continue;
    unlinkSync(join(folder, file.name));
    total -= file.stats.size;
  }
}
