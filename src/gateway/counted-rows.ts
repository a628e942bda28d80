/**
 * Rows that somebody outside could make without end: of each sort a few a minute, then one that counts the rest. What
 * cannot be written is told to `onError` and nothing waits for it: no effect hangs on these rows.
 */
import type { NewRow } from "#contracts/audit-event.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Clock } from "#runtime/clock.ts";

const MINUTE_MS = 60_000;
/** Sorts that are told apart at a time; above it they share one, so that made-up names cost no memory. */
const SORTS_MAX = 1_024;

interface Minute {
  written: number;
  more: number;
  readonly rowOf: RowOf;
  readonly cancel: () => void;
}

/** Makes a sort's row: one of its own, or with `more` the one that counts what came after those. */
export type RowOf = (more?: number) => NewRow;

export class CountedRows implements Disposable {
  readonly #ports: {
    readonly journal: Journal;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  };
  readonly #perMinute: number;
  readonly #minutes = new Map<string, Minute>();

  /** `perMinute`: rows of one sort that are written as they come. */
  constructor(
    ports: { journal: Journal; clock: Clock; onError: (error: unknown) => void },
    perMinute: number,
  ) {
    this.#ports = ports;
    this.#perMinute = perMinute;
  }

  /** Writes the row, or counts it. Resolves when what was to be written is durable. */
  async note(sort: string, rowOf: RowOf): Promise<void> {
    const key = this.#minutes.has(sort) || this.#minutes.size < SORTS_MAX ? sort : "";
    const minute = this.#minutes.get(key) ?? this.#begin(key, rowOf);
    if (minute.written >= this.#perMinute) {
      minute.more += 1;
      return;
    }
    minute.written += 1;
    await this.#write(rowOf());
  }

  /** Writes what was counted and not told yet. */
  [Symbol.dispose](): void {
    for (const [key, { cancel }] of Array.from(this.#minutes)) {
      cancel();
      this.#end(key);
    }
  }

  #begin(key: string, rowOf: RowOf): Minute {
    const cancel = this.#ports.clock.after(MINUTE_MS, () => this.#end(key));
    const minute = { written: 0, more: 0, rowOf, cancel };
    this.#minutes.set(key, minute);
    return minute;
  }

  #end(key: string): void {
    const minute = this.#minutes.get(key);
    this.#minutes.delete(key);
    if (minute !== undefined && minute.more > 0) void this.#write(minute.rowOf(minute.more));
  }

  #write(row: NewRow): Promise<void> {
    return this.#ports.journal.append([row]).then(() => undefined, this.#ports.onError);
  }
}
