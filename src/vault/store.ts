/**
 * The vault's file: a table with the one header row and a table of sealed entries. Rows from the disk are
 * parsed, never trusted: what has another shape is damage. Schema: docs/formats/vault.md.
 */
import { existsSync } from "node:fs";
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
    const row: unknown = this.#database.query("SELECT header, mac FROM vault_header").get();
    if (!isRecord(row)) return "damaged";
    const { header, mac } = row;
    return header instanceof Uint8Array && mac instanceof Uint8Array ? { header, mac } : "damaged";
  }

  /** Makes the tables and the header row. Fails when there is a header. */
  create(stored: StoredHeader): void {
    for (const statement of SCHEMA) this.#database.run(statement);
    this.#database.run("INSERT INTO vault_header VALUES (1, ?, ?)", [stored.header, stored.mac]);
  }

  replaceHeader(stored: StoredHeader): void {
    this.#database.run("UPDATE vault_header SET header = ?, mac = ?", [stored.header, stored.mac]);
  }

  /**
   * All entries, sorted by the bytes of scope and name. `damaged`: a row that this program cannot have
   * written.
   */
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

/**
 * Turns what SQLite throws into a fault: a file that is no database is damage, anything else the system's
 * refusal.
 */
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
  if (!isRecord(row)) return undefined;
  const {
    scope,
    name,
    kind,
    version,
    created_ms: createdMs,
    expires_ms: expiresMs,
    origins,
    salt,
    blob,
  } = row;
  if (typeof scope !== "string" || typeof name !== "string" || typeof kind !== "string") return undefined;
  if (!isCount(version, 1, 0xffffffff) || !isCount(createdMs, 0) || !isCount(expiresMs, 0)) return undefined;
  if (!(salt instanceof Uint8Array) || !(blob instanceof Uint8Array)) return undefined;
  const list = parseOrigins(origins);
  if (list === undefined) return undefined;
  return { scope, name, kind, version, createdMs, expiresMs, origins: list, salt, blob };
}

function parseOrigins(text: unknown): readonly string[] | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list) || list.length > ORIGINS_MAX) return undefined;
    const origins = list.filter((origin) => typeof origin === "string" && origin.isWellFormed());
    return origins.length === list.length ? origins : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max;
}
