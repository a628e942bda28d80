/**
 * Reading the log back at a start: the last checkpoint gives the tree, the rows after it are hashed again,
 * every session's
 * end is found. What does not check out stops the start.
 */
import { type Fault, FaultError, fail } from "#contracts/fault.ts";
import { textMember } from "#contracts/json.ts";
import { LOG_LANE, type SessionId } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import { equalBytes, fromHex, toHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import { ZERO_32 } from "#chain/messages.ts";
import { isSignedBy, originOf, parseCheckpoint } from "#chain/note.ts";
import { rowHasher } from "#chain/row-hash.ts";
import { Frontier } from "#chain/tree.ts";
import type { KeyBook } from "./key-book.ts";
import { LogMemory } from "./log-memory.ts";
import type { LogTable } from "./log-table.ts";
import type { LogOrigin } from "./log-origin.ts";
import type { RecoveredRanges } from "./recovered-ranges.ts";

/** Kinds that say nothing but what was signed. */
const SIGNATURE_KINDS: ReadonlySet<string> = new Set(["chain_head", "checkpoint"]);

export interface Tail {
  readonly memory: LogMemory;
  /** Size of the last checkpoint, 0 without one. */
  readonly checkpointSize: number;
  /** Ids of rows after the last checkpoint that are neither head nor checkpoint. */
  readonly unattested: readonly number[];
  /** The last checkpoint closes a `stopped` row, and other rows follow it. */
  readonly afterStop: boolean;
}

/** Reads keys in force from the log's own rows; a row that does not continue the one before is a fault. */
export function readKeys(table: LogTable, keys: KeyBook, recovered: RecoveredRanges): Result<void, Fault> {
  const sql = "SELECT id FROM session_events WHERE kind = 'key_continuity' ORDER BY id";
  for (const [id] of table.database.query(sql).values()) {
    const [row] = table.readAfter(Number(id) - 1, 1);
    const payload = row?.payload;
    if (row?.session !== LOG_LANE || payload === undefined) return damaged();
    if (recovered.has(row)) continue;
    const holder = textMember(payload, "holder");
    const statement = {
      key: textMember(payload, "key"),
      prevKey: textMember(payload, "prev_key"),
      signature: textMember(payload, "signature"),
    };
    if (!keys.continues(holder, statement)) return damaged();
    keys.add(holder, statement.key);
  }
  return ok(undefined);
}

/** Rebuilds the writer's memory from the file. */
export function readTail(
  table: LogTable,
  crypto: Crypto,
  origin: LogOrigin,
  keys: KeyBook,
): Result<Tail, Fault> {
  const checkpoint = table.lastOfKind(LOG_LANE, "checkpoint");
  const frontier =
    checkpoint === undefined ? new Frontier(crypto) : frontierOf(crypto, checkpoint, origin, keys);
  if (frontier === undefined) return fail("damaged", "the last checkpoint does not check out");
  const size = frontier.size;
  const memory = new LogMemory(crypto, origin.logId, frontier, newestMs(table, size));
  const unattested: number[] = [];
  for (const row of rowsAfter(table, size)) {
    if (!equalBytes(rehash(crypto, row), row.hash)) {
      return fail("damaged", "a row after the last checkpoint does not check out", {
        hint: "run `wirken audit verify` to see where",
      });
    }
    memory.addLeaf(row.hash, row.tsMs);
    if (!SIGNATURE_KINDS.has(row.kind)) unattested.push(row.id);
  }
  for (const session of table.sessions()) memory.restore(session, endOf(table, session));
  const afterStop = unattested.length > 0 && closesStop(table, checkpoint?.id);
  return ok({ memory, checkpointSize: size, unattested, afterStop });
}

function frontierOf(
  crypto: Crypto,
  checkpoint: { readonly id: number; readonly payload: { readonly [name: string]: unknown } | undefined },
  origin: LogOrigin,
  keys: KeyBook,
): Frontier | undefined {
  const note = parseCheckpoint(String(checkpoint.payload?.["note"]));
  const list = checkpoint.payload?.["frontier"];
  const roots = Array.isArray(list) ? list.map((each) => fromHex(each, 32)) : [];
  const whole = roots.filter((root) => root !== undefined);
  if (!note.ok || whole.length !== roots.length || note.value.size !== checkpoint.id - 1) return undefined;
  const logKey = fromHex(keys.inForce("log"), 32);
  if (logKey === undefined || note.value.origin !== originOf(origin.logId.toHex())) return undefined;
  if (!isSignedBy(crypto, note.value, logKey)) return undefined;
  const frontier = Frontier.from(crypto, note.value.size, whole);
  return frontier !== undefined && equalBytes(frontier.root(), note.value.root) ? frontier : undefined;
}

interface TailRow {
  readonly id: number;
  readonly kind: string;
  readonly tsMs: number;
  readonly hash: Uint8Array;
  readonly values: readonly unknown[];
}

const TAIL = `SELECT id, session_id, seq, ts_ms, kind, trust, payload, payload_hash, content, salt, content_hash,
  prev_hash, hash FROM session_events WHERE id > ? ORDER BY id`;

function rowsAfter(table: LogTable, size: number): TailRow[] {
  return table.database
    .query(TAIL)
    .values(size)
    .map((values, index) => {
      const [id, , , tsMs, kind] = values;
      const hash = bytesOf(values[12]);
      if (id !== size + index + 1 || typeof tsMs !== "number" || typeof kind !== "string") throw broken();
      return { id, kind, tsMs, hash, values };
    });
}

function rehash(crypto: Crypto, row: TailRow): Uint8Array {
  const [, session, seq, , , trust, payload, , content, salt, contentHash, prevHash] = row.values;
  const hasher = rowHasher(crypto);
  const saltBytes = salt === null ? null : bytesOf(salt);
  const actual = typeof content === "string" ? hasher.content(saltBytes, content) : undefined;
  return hasher.row({
    session: String(session),
    seq: Number(seq),
    tsMs: row.tsMs,
    kind: row.kind,
    trust: String(trust),
    payloadHash: typeof payload === "string" ? crypto.sha256(payload) : bytesOf(row.values[7]),
    contentHash: actual ?? (contentHash === null ? null : bytesOf(contentHash)),
    prevHash: bytesOf(prevHash),
  });
}

function endOf(table: LogTable, session: SessionId): Parameters<LogMemory["restore"]>[1] {
  const last = table.lastOf(session);
  const lastHash = fromHex(last?.hash, 32);
  if (last === undefined || lastHash === undefined) throw broken();
  const head = table.lastOfKind(session, "chain_head");
  const covered = head?.payload?.["seq_end"];
  const coveredEnd = typeof covered === "number" ? covered : -1;
  const after = table.readSession(session, coveredEnd + 1).filter(({ kind }) => kind !== "chain_head");
  const headHash = head?.payload?.["head_hash"];
  return {
    nextSeq: last.seq + 1,
    lastHash,
    coveredEnd,
    lastHeadHash: typeof headHash === "string" ? headHash : toHex(ZERO_32),
    open: after.length,
    openContent: after.filter(({ kind }) => kind !== "checkpoint").length,
    inTurn: seqOf(table, session, "turn_started") > seqOf(table, session, "turn_ended"),
  };
}

function seqOf(table: LogTable, session: SessionId, kind: string): number {
  return table.lastOfKind(session, kind)?.seq ?? -1;
}

function newestMs(table: LogTable, size: number): number {
  const [last] = table.database.query("SELECT ts_ms FROM session_events WHERE id = ?").values(size);
  return Number(last?.[0] ?? 0);
}

/** True when the last checkpoint is the one that closes a `stopped` row. */
function closesStop(table: LogTable, checkpointId: number | undefined): boolean {
  if (checkpointId === undefined) return false;
  const sql = "SELECT max(id) FROM session_events WHERE kind = 'stopped' AND id < ?";
  const stopped = Number(table.database.query(sql).values(checkpointId)[0]?.[0] ?? 0);
  if (stopped === 0) return false;
  return table.readAfter(stopped, checkpointId - stopped).every(({ kind }) => SIGNATURE_KINDS.has(kind));
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw broken();
  return value;
}

function damaged(): Result<never, Fault> {
  return fail("damaged", "a key row of the log does not continue the one before it");
}

function broken(): FaultError {
  return new FaultError({ code: "damaged", message: "the end of the audit log does not check out" });
}
