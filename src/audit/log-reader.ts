/**
 * A log file opened for reading alone, as untrusted bytes: nothing in the file (views, triggers, a changed
 * schema) may
 * run or speak for the table. Serves verification, `audit log`, `session …` and `audit backup`.
 */
import { existsSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type Database, openDatabase } from "#host/sqlite.ts";
import type { IndexedIdentity } from "#chain/verify/identity-judge.ts";
import { ROW_COLUMNS } from "#chain/verify/raw-row.ts";

/** Few enough that a chunk's objects die young: with thousands at a time the collector takes a quarter of the time. */
const CHUNK_ROWS = 128;
const TABLE = `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'session_events'`;
const REPLACEMENT = "\ufffd";
const PAYLOAD = 6;
const CONTENT = 8;

/**
 * Runs `read` on the file inside one read transaction; a -wal beside it is used.
 * Faults: `not_found`, `damaged` when it is no log, `io` when it cannot be read (exit 2 of `audit verify`).
 */
export function readLog<T>(path: string, read: (log: LogReader) => T): Result<T, Fault> {
  if (!existsSync(path)) return fail("not_found", "there is no such log file");
  let database: Database | undefined;
  try {
    database = openDatabase(path, { readonly: true });
    database.run("PRAGMA trusted_schema = OFF");
    database.run("PRAGMA mmap_size = 4294967296");
    database.run("BEGIN");
    const reader = new LogReader(database);
    if (!reader.isLog()) return fail("damaged", "the file holds no audit log");
    return ok(read(reader));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return err(cannotRead(error));
  } finally {
    database?.close();
  }
}

export class LogReader {
  readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** True when `session_events` is a table of its own, not a view or a virtual one. */
  isLog(): boolean {
    const sql = this.database.query(TABLE).values()[0]?.[0];
    return typeof sql === "string" && /^CREATE TABLE\b/i.test(sql);
  }

  /**
   * Hands every row to `take`, in order of id, in the order of `ROW_COLUMNS`. `where` is ours, never from
   * outside.
   */
  eachRow(take: (values: readonly unknown[]) => void, where = "1"): void {
    const sql = `SELECT ${ROW_COLUMNS} FROM session_events WHERE id > ? AND (${where}) ORDER BY id LIMIT ${CHUNK_ROWS}`;
    const query = this.database.query(sql);
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = query.values(after);
      for (const values of rows) take(this.#faithful(values));
      const last = rows.at(-1)?.[0];
      if (rows.length < CHUNK_ROWS || typeof last !== "number") return;
      after = last;
    }
  }

  /** The count of ids that SQLite has ever given. */
  sequence(): number | undefined {
    try {
      const sql = "SELECT seq FROM sqlite_sequence WHERE name = 'session_events'";
      const value = this.database.query(sql).values()[0]?.[0];
      return typeof value === "number" ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** Rows of the index tables; a file without them is read as one whose tables are empty. */
  identities(): IndexedIdentity[] {
    return [...this.#indexed("conversations", "conversation"), ...this.#indexed("persons", "person")];
  }

  #indexed(table: IndexedIdentity["table"], id: string): IndexedIdentity[] {
    try {
      const sql = `SELECT ${id}, instance, platform_id, row_id FROM ${table} ORDER BY row_id`;
      return this.database
        .query(sql)
        .values()
        .map(([name, instance, platformId, rowId]) => ({
          table,
          id: String(name),
          instance: String(instance),
          platformId: platformId === null ? null : String(platformId),
          rowId: Number(rowId),
        }));
    } catch {
      return [];
    }
  }

  /**
   * SQLite hands out invalid UTF-8 as U+FFFD, which could stand in for other bytes. Where that character
   * occurs, the
   * stored bytes are read again, and bytes that are not UTF-8 take the text's place: no check takes them
   * for text.
   */
  #faithful(values: unknown[]): readonly unknown[] {
    const payload = values[PAYLOAD];
    const content = values[CONTENT];
    if (!isSuspect(payload) && !isSuspect(content)) return values;
    const sql = "SELECT CAST(payload AS BLOB), CAST(content AS BLOB) FROM session_events WHERE id = ?";
    const [blobs] = this.database.query(sql).values(Number(values[0]));
    const checked = values.slice();
    if (isSuspect(payload)) checked[PAYLOAD] = textOf(blobs?.[0]);
    if (isSuspect(content)) checked[CONTENT] = textOf(blobs?.[1]);
    return checked;
  }
}

function isSuspect(text: unknown): boolean {
  return typeof text === "string" && text.includes(REPLACEMENT);
}

function textOf(blob: unknown): unknown {
  if (!(blob instanceof Uint8Array)) return blob;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(blob);
  } catch {
    return blob;
  }
}

function cannotRead(error: unknown): Fault {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const damaged = code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT";
  return {
    code: damaged ? "damaged" : "io",
    message: damaged ? "the file is not a readable database" : "the log file cannot be read",
  };
}
