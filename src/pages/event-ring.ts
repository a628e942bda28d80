/**
 * The last events of a page's process, numbered, so that a stream that was cut can go on where it ended
 * (docs/formats/pages.md, "Stream"). Bounded by count and by bytes; readers keep a number and no queue, so a
 * slow page costs nothing and meets a gap instead.
 */

export const RING_EVENTS_MAX = 2_000;
export const RING_BYTES_MAX = 8 * 1_024 * 1_024;

interface Kept {
  readonly seq: number;
  readonly json: string;
}

/** What a reader gets: the next events in order, or the news that some are gone. */
export type RingRead =
  | { readonly kind: "events"; readonly events: readonly Kept[] }
  | { readonly kind: "gap"; readonly newest: number };

export class EventRing {
  #kept: Kept[] = [];
  #bytes = 0;
  #newest: number;
  #wake = Promise.withResolvers<void>();

  /**
   * @param firstSeq Numbers grow from here: unix milliseconds keep them growing over a restart.
   */
  constructor(firstSeq: number) {
    this.#newest = firstSeq;
  }

  get newest(): number {
    return this.#newest;
  }

  /** Adds an event, which is JSON text. */
  push(json: string): void {
    this.#newest += 1;
    this.#kept.push({ seq: this.#newest, json });
    this.#bytes += json.length;
    while (this.#kept.length > RING_EVENTS_MAX || (this.#bytes > RING_BYTES_MAX && this.#kept.length > 1)) {
      this.#bytes -= this.#kept.shift()?.json.length ?? 0;
    }
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }

  /** At most `limit` events after `seq`; a gap when `seq` is no number this ring could go on from. */
  read(seq: number, limit: number): RingRead {
    const oldest = this.#newest - this.#kept.length; // the last number before those that are kept
    if (seq < oldest || seq > this.#newest) return { kind: "gap", newest: this.#newest };
    const from = seq - oldest;
    return { kind: "events", events: this.#kept.slice(from, from + limit) };
  }

  /** Resolves at the next change. */
  changed(): Promise<void> {
    return this.#wake.promise;
  }
}
