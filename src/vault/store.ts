/**
 * The vault's file: a table with the one header row and a table of sealed entries. Rows from the disk are parsed, never
 * trusted: what has another shape is damage. Schema: docs/formats/vault.md.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type Database, openDatabase } from "#host/sqlite.ts";
import { type EntryRow, ORIGINS_MAX } from "./entry.ts";
import { damaged, noVault } from "./faults.ts";

const SCHEMA = [
  `CREATE TABLE vault_header (one INTEGER PRIMARY KEY CHECK (one = 1), header BLOB NOT NULL, mac BLOB NOT NULL) STRICT`,
  `CREATE TABLE vault_entries (
     scope TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL,
     created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, origins TEXT NOT NULL,
     salt BLOB NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (scope, name)) STRICT`,
] as const;

export interface StoredHeader {
  readonly header: Uint8Array;
  readonly mac: Uint8Array;
}

const bytes = z.instanceof(Uint8Array);
const time = z.int().min(0);
const headerRow = z.strictObject({ header: bytes, mac: bytes });
const entryRow = z.strictObject({
  scope: z.string(),
  name: z.string(),
  kind: z.string(),
  version: z.int().min(1).max(0xffffffff),
  created_ms: time,
  expires_ms: time,
  origins: z.string(),
  salt: bytes,
  blob: bytes,
});
const originList = z.array(z.string()).max(ORIGINS_MAX);
const ENTRIES_MAX = 10_000;
/** Only a rotation holds the file for longer, and then it is better said than waited for. */
const BUSY_MS = 1_000;

/** A vault's database. Every method may meet a damaged file: call it inside `attempt`. */
export class VaultStore {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Opens the file, making an empty one where there is none and `create` is set. */
  static open(path: string, create: boolean): Result<VaultStore, Fault> {
    if (!create && !existsSync(path)) return noVault();
    return attempt(() => {
      const database = openDatabase(path);
      database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
      return ok(new VaultStore(database));
    });
  }

  /** `none`: an empty file, as one is after a crash in the middle of `create`. */
  header(): StoredHeader | "none" | "damaged" {
    const tables = this.#database
      .query("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'vault\\_%' ESCAPE '\\'")
      .values();
    if (tables[0]?.[0] === 0) return "none";
    const row = headerRow.safeParse(this.#database.query("SELECT header, mac FROM vault_header").get());
    return row.success ? row.data : "damaged";
  }

  /** Makes the tables and the header row. Fails when there is a header. */
  create(stored: StoredHeader): void {
    for (const statement of SCHEMA) this.#database.run(statement);
    this.#database.run("INSERT INTO vault_header VALUES (1, ?, ?)", [stored.header, stored.mac]);
  }

  replaceHeader(stored: StoredHeader): void {
    this.#database.run("UPDATE vault_header SET header = ?, mac = ?", [stored.header, stored.mac]);
  }

  /** All entries, sorted by the bytes of scope and name. `damaged`: a row that this program cannot have written. */
  entries(): readonly EntryRow[] | "damaged" {
    const rows = this.#database
      .query("SELECT * FROM vault_entries ORDER BY scope, name LIMIT ?")
      .all(ENTRIES_MAX + 1);
    if (rows.length > ENTRIES_MAX) return "damaged";
    const entries: EntryRow[] = [];
    for (const row of rows) {
      const entry = parseRow(row);
      if (entry === undefined) return "damaged";
      entries.push(entry);
    }
    return entries;
  }

  put(row: EntryRow): void {
    this.#database.run("INSERT OR REPLACE INTO vault_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [
      row.scope,
      row.name,
      row.kind,
      row.version,
      row.createdMs,
      row.expiresMs,
      JSON.stringify(row.origins),
      row.salt,
      row.blob,
    ]);
  }

  remove(scope: string, name: string): void {
    this.#database.run("DELETE FROM vault_entries WHERE scope = ? AND name = ?", [scope, name]);
  }

  /** Runs `fn` in one transaction that excludes other writers; a failed result undoes it, too. */
  transaction<T>(fn: () => Result<T, Fault>): Result<T, Fault> {
    this.begin();
    try {
      const result = fn();
      if (result.ok) this.commit();
      return result;
    } finally {
      this.rollback();
    }
  }

  /** Takes the file's write lock. */
  begin(): void {
    this.#database.run("BEGIN IMMEDIATE");
  }
  commit(): void {
    this.#database.run("COMMIT");
  }
  /** Undoes what was not committed. */
  rollback(): void {
    if (this.#database.inTransaction) this.#database.run("ROLLBACK");
  }

  /** Old ciphertexts leave the write-ahead log, too. A reader that holds it back only delays this. */
  settle(): void {
    this.#database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** A transaction around work that waits for something else. Nobody else may write the file meanwhile. */
export async function exclusively<T>(
  store: VaultStore,
  fn: () => Promise<Result<T, Fault>>,
): Promise<Result<T, Fault>> {
  const begun = attempt(() => ok(store.begin()));
  if (!begun.ok) return begun;
  try {
    const result = await fn();
    if (!result.ok) return result;
    const committed = attempt(() => ok(store.commit()));
    return committed.ok ? result : committed;
  } finally {
    store.rollback();
  }
}

/** Turns what SQLite throws into a fault: a file that is no database is damage, anything else the system's refusal. */
export function attempt<T>(fn: () => Result<T, Fault>): Result<T, Fault> {
  try {
    return fn();
  } catch (error) {
    const code =
      error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
    if (!code.startsWith("SQLITE_")) throw error;
    if (/^SQLITE_(CORRUPT|NOTADB|ERROR|MISMATCH|SCHEMA|FORMAT)/.test(code)) return damaged("the file");
    const word = /^SQLITE_[A-Z_]{1,32}$/.test(code) ? code : "SQLITE";
    if (code.startsWith("SQLITE_BUSY"))
      return fail("timeout", "another program holds the vault", { reason: word });
    return fail("io", `the vault's file could not be used (${word})`, { reason: word });
  }
}

function parseRow(row: unknown): EntryRow | undefined {
  const parsed = entryRow.safeParse(row);
  if (!parsed.success) return undefined;
  const { created_ms: createdMs, expires_ms: expiresMs, origins, ...rest } = parsed.data;
  const list = parseOrigins(origins);
  return list === undefined ? undefined : { ...rest, createdMs, expiresMs, origins: list };
}

function parseOrigins(text: string): readonly string[] | undefined {
  try {
    const parsed = originList.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.every((origin) => origin.isWellFormed()) ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
