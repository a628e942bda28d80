/**
 * Rows that were found after the last checkpoint at a start: durable, not attested. A grant, approval, key,
 * pruned or
 * erased row among them has no force (docs/formats/audit.md, "Signer").
 */
import type { Row } from "#contracts/audit-event.ts";
import { LOG_LANE } from "#contracts/ids.ts";
import type { LogTable } from "./log-table.ts";
import { rowOf } from "./log-table.ts";

interface Range {
  readonly seqStart: number;
  readonly seqEnd: number;
  /** Rows up to this id stood under a checkpoint when the range was found. */
  readonly attestedId: number;
}

const COLUMNS = "id, session_id, seq, ts_ms, kind, trust, payload, content, hash";
const SIGNED = `SELECT ${COLUMNS} FROM session_events WHERE kind = 'chain_head'
  AND payload LIKE '%"reason":"recovered"%' ORDER BY id`;
const CHECKPOINT_BEFORE = `SELECT max(id) FROM session_events WHERE kind = 'checkpoint' AND id < ?`;

export class RecoveredRanges {
  readonly #ranges = new Map<string, Range[]>();

  /** Reads the ranges that stand in the log. */
  static read(table: LogTable): RecoveredRanges {
    const ranges = new RecoveredRanges();
    ranges.load(table);
    return ranges;
  }

  /** Reads them again, after a start has signed what it found. */
  load(table: LogTable): void {
    this.#ranges.clear();
    const before = table.database.query(CHECKPOINT_BEFORE);
    for (const head of table.database.query(SIGNED).values().map(rowOf)) {
      const checkpointId = Number(before.values(head.id)[0]?.[0] ?? 1);
      this.#add(head.session, head.payload?.["seq_start"], head.payload?.["seq_end"], checkpointId - 1);
    }
  }

  /**
   * True for a row without force. The log's own first two rows, which bring the log key in, always have it.
   */
  has(row: Row): boolean {
    if (row.session === LOG_LANE && row.id <= 2) return false;
    const ranges = this.#ranges.get(row.session) ?? [];
    return ranges.some(
      ({ seqStart, seqEnd, attestedId }) => row.seq >= seqStart && row.seq <= seqEnd && row.id > attestedId,
    );
  }

  #add(session: string, seqStart: unknown, seqEnd: unknown, attestedId: number): void {
    if (typeof seqStart !== "number" || typeof seqEnd !== "number") return;
    const known = this.#ranges.get(session) ?? [];
    this.#ranges.set(session, [...known, { seqStart, seqEnd, attestedId }]);
  }
}
