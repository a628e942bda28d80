/** A journal in memory with the port's promises: order, grouping by call, and a switch that makes it unwritable. */
import type { NewRow, Row } from "#contracts/audit-event.ts";
import type { SessionId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Clock } from "#runtime/clock.ts";

export class MemoryJournal implements Journal {
  readonly rows: Row[] = [];
  /** Kinds that cannot be written. */
  readonly broken = new Set<string>();
  readonly #listeners = new Set<(rows: readonly Row[]) => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async append(rows: readonly [NewRow, ...NewRow[]]): Promise<readonly Row[]> {
    await Promise.resolve();
    if (rows.some((row) => this.broken.has(row.kind) || this.broken.has("*")))
      throw new Error("the disk is full");
    const written = rows.map((row) => this.#written(row));
    for (const listen of this.#listeners) listen(written);
    return written;
  }

  readSession(session: SessionId, fromSeq = 0): readonly Row[] {
    return this.rows.filter((row) => row.session === session && row.seq >= fromSeq);
  }
  readAfter(afterId: number, limit: number): readonly Row[] {
    return this.rows.slice(afterId, afterId + limit);
  }
  sessions(): readonly SessionId[] {
    return [...new Set(this.rows.map((row) => row.session))];
  }
  async sealTurn(): Promise<void> {}
  subscribe(listener: (rows: readonly Row[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  kinds(): readonly string[] {
    return this.rows.map((row) => row.kind);
  }

  #written(row: NewRow): Row {
    const id = this.rows.length + 1;
    const seq = this.rows.filter((each) => each.session === row.session).length;
    const whole: Row = {
      ...row,
      content: row.content,
      id,
      seq,
      tsMs: this.#clock.now(),
      hash: "00".repeat(32),
    };
    this.rows.push(whole);
    return whole;
  }
}
