/** How a log begins: schema, row 1 with log id and log key, row 2 with the log key's own continuity. */
import { type Fault, fail } from "#contracts/fault.ts";
import { LOG_LANE } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Database } from "#host/sqlite.ts";
import { fromHex } from "#chain/bytes.ts";
import schema from "./schema.sql" with { type: "text" };

export interface LogOrigin {
  /** 16 bytes. */
  readonly logId: Uint8Array;
  /** 64 hex digits. */
  readonly logKey: string;
}

/** True when the database holds the log's table. */
export function hasLog(database: Database): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'session_events'";
  return selectOnce(database, sql).length > 0;
}

/** Makes tables, indexes and triggers in an empty database, in one transaction. */
export function createSchema(database: Database): void {
  database.transaction(() => database.run(schema))();
}

/** Reads row 1. `undefined` when the log has no row yet. */
export function readOrigin(database: Database): Result<LogOrigin | undefined, Fault> {
  const sql = "SELECT id, session_id, seq, kind, payload FROM session_events ORDER BY id LIMIT 1";
  const [first] = selectOnce(database, sql);
  if (first === undefined) return ok(undefined);
  const [id, session, seq, kind, payload] = first;
  const isOrigin = id === 1 && session === LOG_LANE && seq === 0 && kind === "log_created";
  const origin = isOrigin && typeof payload === "string" ? parseOrigin(payload) : undefined;
  return origin === undefined ? fail("damaged", "row 1 does not begin a log") : ok(origin);
}

/** Reads the payload of row 1; `undefined` unless it is `{log_id, log_key}` in hex. */
export function parseOrigin(payload: string): LogOrigin | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value !== "object" || value === null) return undefined;
    const fields = new Map<string, unknown>(Object.entries(value));
    const logId = fromHex(fields.get("log_id"), 16);
    const logKey = fields.get("log_key");
    if (logId === undefined || fromHex(logKey, 32) === undefined) return undefined;
    return { logId, logKey: String(logKey) };
  } catch {
    return undefined;
  }
}

/** Runs one query and lets go of its statement, so that the file can be closed and moved. */
function selectOnce(database: Database, sql: string): unknown[][] {
  const statement = database.prepare(sql);
  try {
    return statement.values();
  } finally {
    statement.finalize();
  }
}
