/** The only home of `new Database`: opens SQLite files with the program's pragmas. */
import { Database } from "bun:sqlite";
import { chmodSync, existsSync } from "node:fs";

export type { Database } from "bun:sqlite";

export interface OpenOptions {
  /** Opens an existing file without the right to write. */
  readonly readonly?: boolean;
  /** `full`: a commit is on the disk when it returns. Default `full`. */
  readonly synchronous?: "full" | "normal";
}

/**
 * Opens (and creates, unless `readonly`) a database in WAL mode with mode 0600, foreign keys on and a busy timeout.
 * @throws the system's error when the file cannot be opened: callers turn it into a fault.
 */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const fresh = options.readonly !== true && path !== ":memory:" && !existsSync(path);
  const database =
    options.readonly === true
      ? new Database(path, { readonly: true, strict: true })
      : new Database(path, { create: true, readwrite: true, strict: true });
  if (fresh) chmodSync(path, 0o600);
  database.run("PRAGMA busy_timeout = 5000");
  if (options.readonly !== true) {
    database.run("PRAGMA journal_mode = WAL");
    database.run(`PRAGMA synchronous = ${options.synchronous === "normal" ? "NORMAL" : "FULL"}`);
    database.run("PRAGMA foreign_keys = ON");
    database.run("PRAGMA secure_delete = ON");
  }
  return database;
}
