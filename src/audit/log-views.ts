/**
 * What `wirken audit log`, `session list`, `session show` and `audit backup` read: plain data from a log
 * file.
 */
import { existsSync } from "node:fs";
import type { EventKind, Row } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { SessionId } from "#contracts/ids.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { toHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import { Frontier, emptyRoot } from "#chain/tree.ts";
import type { LogReader } from "./log-reader.ts";
import { readLog } from "./log-reader.ts";
import { rowOf } from "./log-table.ts";

const COLUMNS = "id, session_id, seq, ts_ms, kind, trust, payload, content, hash";

export interface LogFilter {
  readonly session?: SessionId;
  readonly kinds?: readonly EventKind[];
  /** Unix milliseconds, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly afterId?: number;
  /** The newest rows that fit, given in order. */
  readonly limit: number;
}

export interface SessionSummary {
  readonly session: SessionId;
  readonly rows: number;
  /** Rows under a head: 0 … seq_end. */
  readonly covered: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Rows that pass the filter, oldest first. */
export function auditLog(path: string, filter: LogFilter): Result<readonly Row[], Fault> {
  const wanted: [string, string | number | undefined][] = [
    ["session_id = ?", filter.session],
    ["ts_ms >= ?", filter.sinceMs],
    ["ts_ms <= ?", filter.untilMs],
    ["id > ?", filter.afterId],
  ];
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  for (const [condition, value] of wanted) {
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  if (filter.kinds !== undefined) {
    conditions.push(`kind IN (${filter.kinds.map(() => "?").join(", ")})`);
    values.push(...filter.kinds);
  }
  const where = conditions.length === 0 ? "1" : conditions.join(" AND ");
  const sql = `SELECT ${COLUMNS} FROM session_events WHERE ${where} ORDER BY id DESC LIMIT ?`;
  return readLog(path, (log) =>
    log.database
      .query(sql)
      .values(...values, filter.limit)
      .map(rowOf)
      .reverse(),
  );
}

/** Every session with its extent, the one written to last first. */
export function sessionList(path: string): Result<readonly SessionSummary[], Fault> {
  const sql = `SELECT session_id, count(*), min(ts_ms), max(ts_ms), max(id) AS newest
    FROM session_events GROUP BY session_id ORDER BY newest DESC`;
  return readLog(path, (log) =>
    log.database
      .query(sql)
      .values()
      .flatMap(([session, rows, firstMs, lastMs]) => {
        const [last] = lastRow(log, String(session));
        if (last === undefined) return [];
        const covered = coveredOf(log, last.session);
        return [
          {
            session: last.session,
            rows: Number(rows),
            covered,
            firstMs: Number(firstMs),
            lastMs: Number(lastMs),
          },
        ];
      }),
  );
}

/** All rows of a session. Fault `not_found` (exit 4) when there is none. */
export function sessionShow(path: string, session: SessionId): Result<readonly Row[], Fault> {
  const sql = `SELECT ${COLUMNS} FROM session_events WHERE session_id = ? ORDER BY seq`;
  const rows = readLog(path, (log) => log.database.query(sql).values(session).map(rowOf));
  if (rows.ok && rows.value.length === 0) return fail("not_found", "the log has no such session");
  return rows;
}

/**
 * Writes a consistent copy of the log to `target`, which must not exist. A -wal beside the log is included.
 */
export function backupLog(path: string, target: string): Result<{ readonly rows: number }, Fault> {
  if (existsSync(target))
    return fail("usage", "the backup's file exists already", { hint: "name another file" });
  const before = process.umask(0o077); // a copy is as private as the log
  const made = readLog(path, (log) => {
    log.database.run("COMMIT"); // VACUUM takes its own snapshot and refuses an open transaction
    log.database.query("VACUUM INTO ?").run(target);
  });
  process.umask(before);
  if (!made.ok) return err(made.error);
  return readLog(target, (log) => ({
    rows: Number(log.database.query("SELECT count(*) FROM session_events").values()[0]?.[0]),
  }));
}

/** Size and root of the tree over all rows of the file; of no rows where there is no file. */
export function treeState(
  path: string,
  crypto: Crypto,
): Result<{ readonly size: number; readonly root: string }, Fault> {
  if (!existsSync(path)) return ok({ size: 0, root: toHex(emptyRoot(crypto)) });
  return readLog(path, (log) => {
    const tree = new Frontier(crypto);
    log.eachRow((values) => {
      const hash = values[12];
      if (hash instanceof Uint8Array && hash.length === 32) tree.append(hash);
    });
    return { size: tree.size, root: toHex(tree.root()) };
  });
}

function lastRow(log: LogReader, session: string): Row[] {
  const sql = `SELECT ${COLUMNS} FROM session_events WHERE session_id = ? ORDER BY seq DESC LIMIT 1`;
  return log.database.query(sql).values(session).map(rowOf);
}

function coveredOf(log: LogReader, session: SessionId): number {
  const sql = `SELECT ${COLUMNS} FROM session_events WHERE session_id = ? AND kind = 'chain_head'
    ORDER BY seq DESC LIMIT 1`;
  const end = log.database.query(sql).values(session).map(rowOf)[0]?.payload?.["seq_end"];
  return typeof end === "number" ? end + 1 : 0;
}
