/**
 * The port through which the gateway and the agent write and read the log. `src/audit` implements it over SQLite;
 * `test/support` has one in memory.
 */
import type { NewRow, Row } from "./audit-event.ts";
import type { SessionId } from "./ids.ts";

export interface Journal {
  /**
   * Appends rows in one transaction, in order; they are on the disk when the promise resolves.
   * Calls that overlap are grouped into one commit (never split). Rejects when the log cannot be written: then the
   * effect that the rows announce must not happen.
   */
  append(rows: readonly [NewRow, ...NewRow[]]): Promise<readonly Row[]>;
  /** Rows of a session in order, from `fromSeq` (default 0). Reads what is committed. */
  readSession(session: SessionId, fromSeq?: number): readonly Row[];
  /** Rows over all sessions by ascending id, after `afterId`, at most `limit`. */
  readAfter(afterId: number, limit: number): readonly Row[];
  /** All session ids, lanes included. */
  sessions(): readonly SessionId[];
  /** Asks for a signed head over the session's uncovered rows, and a checkpoint when one is due. */
  sealTurn(session: SessionId, reason: string): Promise<void>;
  /**
   * Calls `listener` after each commit with the committed rows, in the order in which listeners came, before the
   * append's promise resolves. Returns a function that ends it.
   */
  subscribe(listener: (rows: readonly Row[]) => void): () => void;
}
