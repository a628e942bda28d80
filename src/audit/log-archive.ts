/**
 * Puts a finished log aside: `audit/archive/<log_id>.db`, verifiable by itself (docs/formats/audit.md,
 * "Keys").
 */
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { ensureFolder } from "#host/files.ts";
import { openDatabase } from "#host/sqlite.ts";

/**
 * Moves the database at `path` into `folder` under its log id. Its -wal is folded in first, so one file is
 * the log.
 * Never overwrites: a log that is in the archive already is a fault.
 */
export function archiveLog(path: string, folder: string, logIdHex: string): Result<void, Fault> {
  const made = ensureFolder(folder);
  if (!made.ok) return made;
  const target = join(folder, `${logIdHex}.db`);
  if (existsSync(target)) return fail("io", "the archive holds a log with this id already");
  try {
    const database = openDatabase(path);
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    database.run("PRAGMA journal_mode = DELETE"); // leaves no -wal or -shm that a rename would tear from its file
    database.close(true);
    renameSync(path, target);
    return ok(undefined);
  } catch {
    return fail("io", "the finished log could not be moved into the archive");
  }
}
