/** The table of the log as the writer and the readers see it: prepared statements, no rules of its own. */
import { type Row, TRUSTS, type Trust, isEventKind } from "#contracts/audit-event.ts";
import { FaultError, fault } from "#contracts/fault.ts";
import { type SessionId, parseSessionId } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { Database } from "#host/sqlite.ts";
import { toHex } from "#chain/bytes.ts";
import { parseObject } from "./draft.ts";

/** Every column of a row about to be stored. */
export interface StoredRow {
  readonly id: number;
  readonly session: string;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: string;
  readonly trust: string;
  readonly payload: string;
  readonly payloadHash: Uint8Array;
  readonly content: string | null;
  readonly salt: Uint8Array | null;
  readonly contentHash: Uint8Array | null;
  readonly prevHash: Uint8Array;
  readonly hash: Uint8Array;
}

const READ = "SELECT id, session_id, seq, ts_ms, kind, trust, payload, content, hash FROM session_events";
const INSERT = `INSERT INTO session_events(id, session_id, seq, ts_ms, kind, trust, payload, payload_hash, content,
  salt, content_hash, prev_hash, hash) VALUES `;
const ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/** Rows that one statement stores when there are as many: it begins and ends once for all of them. */
const ROWS_PER_STATEMENT = 10;
/** Distinct sessions by skipping through the unique index: cost grows with sessions, not with rows. */
const SESSIONS = `WITH RECURSIVE s(id) AS (
  SELECT min(session_id) FROM session_events
  UNION ALL
  SELECT (SELECT min(session_id) FROM session_events WHERE session_id > s.id) FROM s WHERE s.id IS NOT NULL)
  SELECT id FROM s WHERE id IS NOT NULL`;

export class LogTable {
  readonly database: Database;
  readonly #insertOne;
  readonly #insertMany;
  readonly #store;
  readonly #bySession;
  readonly #after;
  readonly #last;
  readonly #lastOfKind;

  constructor(database: Database) {
    this.database = database;
    this.#insertOne = database.query(INSERT + ROW);
    this.#insertMany = database.query(INSERT + Array(ROWS_PER_STATEMENT).fill(ROW).join(", "));
    this.#store = database.transaction((rows: readonly StoredRow[], extra: (row: StoredRow) => void) => {
      const inMany = rows.length - (rows.length % ROWS_PER_STATEMENT);
      for (let at = 0; at < inMany; at += ROWS_PER_STATEMENT) {
        this.#insertMany.run(...columnsOf(rows.slice(at, at + ROWS_PER_STATEMENT)));
      }
      for (const row of rows.slice(inMany)) this.#insertOne.run(...columnsOf([row]));
      for (const row of rows) extra(row);
    });
    this.#bySession = database.query(`${READ} WHERE session_id = ? AND seq >= ? ORDER BY seq`);
    this.#after = database.query(`${READ} WHERE id > ? ORDER BY id LIMIT ?`);
    this.#last = database.query(`${READ} WHERE session_id = ? ORDER BY seq DESC LIMIT 1`);
    this.#lastOfKind = database.query(`${READ} WHERE session_id = ? AND kind = ? ORDER BY seq DESC LIMIT 1`);
  }

  /** Stores rows in one transaction; all are on the disk when it returns, or none. `extra` runs inside it. */
  insert(rows: readonly StoredRow[], extra: (row: StoredRow) => void): void {
    const [only] = rows;
    if (rows.length === 1 && only !== undefined && only.session !== "_log") {
      this.#insertOne.run(...columnsOf([only])); // a single statement is its own transaction
      return;
    }
    this.#store(rows, extra);
  }

  readSession(session: string, fromSeq: number): Row[] {
    return this.#bySession.values(session, fromSeq).map(rowOf);
  }

  readAfter(afterId: number, limit: number): Row[] {
    return this.#after.values(afterId, limit).map(rowOf);
  }

  lastOf(session: string): Row | undefined {
    return this.#last.values(session).map(rowOf)[0];
  }

  lastOfKind(session: string, kind: string): Row | undefined {
    return this.#lastOfKind.values(session, kind).map(rowOf)[0];
  }

  sessions(): SessionId[] {
    return this.database
      .query(SESSIONS)
      .values()
      .map(([id]) => sessionOf(id));
  }
}

type Column = number | string | Uint8Array | null;

/** The values of rows, one row after the other, in the order of `INSERT`. */
function columnsOf(rows: readonly StoredRow[]): Column[] {
  const columns: Column[] = [];
  for (const row of rows) {
    columns.push(row.id, row.session, row.seq, row.tsMs, row.kind, row.trust);
    columns.push(row.payload, row.payloadHash, row.content, row.salt, row.contentHash);
    columns.push(row.prevHash, row.hash);
  }
  return columns;
}

/**
 * A row as its readers get it. @throws FaultError `damaged` when a column holds what the writer never
 * wrote.
 */
export function rowOf(values: readonly unknown[]): Row {
  const [id, session, seq, tsMs, kind, trust, payload, content, hash] = values;
  if (typeof id !== "number" || typeof seq !== "number" || typeof tsMs !== "number") throw damaged();
  if (typeof kind !== "string" || !isEventKind(kind) || !(hash instanceof Uint8Array)) throw damaged();
  return {
    id,
    session: sessionOf(session),
    seq,
    tsMs,
    kind,
    trust: trustOf(trust),
    payload: objectOf(payload),
    content: objectOf(content),
    hash: toHex(hash),
  };
}

function sessionOf(value: unknown): SessionId {
  const session = typeof value === "string" ? parseSessionId(value) : undefined;
  if (session?.ok !== true) throw damaged();
  return session.value;
}

function trustOf(value: unknown): Trust {
  const trust = TRUSTS.find((each) => each === value);
  if (trust === undefined) throw damaged();
  return trust;
}

function objectOf(value: unknown): JsonObject | undefined {
  if (value === null) return undefined;
  if (typeof value !== "string") throw damaged();
  try {
    return parseObject(value);
  } catch {
    throw damaged();
  }
}

function damaged(): FaultError {
  return new FaultError(
    fault("damaged", "the audit log holds a row that this program did not write", {
      hint: "run `wirken audit verify` to see where",
    }),
  );
}
