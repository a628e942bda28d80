/**
 * Rows of one session that wait for their head (docs/formats/audit.md, "Intact means all of this"). Every row of the
 * log passes through here, so what is kept of one is three numbers, not an object.
 */
import type { Place } from "./report.ts";

/** A row that waits for its head. */
export interface OpenRow extends Place {
  readonly tsMs: number;
}

export class OpenRows {
  #seqs: number[] = [];
  #ids: number[] = [];
  #times: number[] = [];

  get count(): number {
    return this.#seqs.length;
  }

  /** The oldest one; `session` is the name of the session whose rows these are. */
  first(session: string): OpenRow | undefined {
    const [seq, id, tsMs] = [this.#seqs[0], this.#ids[0], this.#times[0]];
    if (seq === undefined || id === undefined || tsMs === undefined) return undefined;
    return { session, seq, id, tsMs };
  }

  add(row: { readonly seq: number; readonly id: number; readonly tsMs: number }): void {
    this.#seqs.push(row.seq);
    this.#ids.push(row.id);
    this.#times.push(row.tsMs);
  }

  /** How many of them lie in a head's range and behind row `afterId`. */
  countUpTo(seqEnd: number, afterId: number): number {
    let count = 0;
    this.#seqs.forEach((seq, at) => {
      if (seq <= seqEnd && (this.#ids[at] ?? 0) > afterId) count += 1;
    });
    return count;
  }

  /** A head covers everything up to `seqEnd`. A broken session's seqs need not be in order. */
  cover(seqEnd: number): void {
    const seqs = this.#seqs;
    const waits = (_: number, at: number): boolean => (seqs[at] ?? 0) > seqEnd;
    this.#ids = this.#ids.filter(waits);
    this.#times = this.#times.filter(waits);
    this.#seqs = seqs.filter(waits);
  }
}
