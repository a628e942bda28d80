/** Bytes on their way to a peer: a bounded queue over a socket that takes as much as it likes of each write. */
import { LIMITS } from "#contracts/limits.ts";

/** The half of a socket that is written to. A Bun socket is one. */
export interface Wire {
  /** Takes a prefix of `bytes`; returns how many bytes, or a negative number once the socket is closed. */
  write(bytes: Uint8Array): number;
  end(): void;
}

/** Ordered, bounded, and never copying what waits. */
export class Outbox {
  readonly #wire: Wire;
  #waiting: Uint8Array[] = [];
  #first = 0;
  #queuedBytes = 0;
  #isEnding = false;
  #isClosed = false;
  #onEmpty: (() => void)[] = [];

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Bytes that the socket has not taken yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** True when `count` more bytes stay within `LIMITS.peer_queue_bytes_max`. */
  hasRoomFor(count: number): boolean {
    return this.#queuedBytes + count <= LIMITS.peer_queue_bytes_max;
  }

  /** Sends or queues `bytes`, which the caller no longer changes. Ignored once the outbox ends. */
  push(bytes: Uint8Array): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#waiting.push(bytes);
    this.#queuedBytes += bytes.byteLength;
    if (this.#waiting.length - this.#first === 1) this.drain();
  }

  /** Writes what waits until the socket takes no more. Called by the socket's `drain`. */
  drain(): void {
    while (this.#first < this.#waiting.length && !this.#isClosed) {
      const bytes = this.#waiting[this.#first];
      if (bytes === undefined) return;
      const taken = Math.max(this.#wire.write(bytes), 0);
      this.#queuedBytes -= taken;
      if (taken < bytes.byteLength) {
        this.#waiting[this.#first] = bytes.subarray(taken);
        break;
      }
      this.#first += 1;
    }
    // The taken ones are dropped now and then rather than each time, so a long queue costs no quadratic moving.
    if (this.#first > 1_024 || this.#first === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    if (this.#queuedBytes === 0) this.#emptied();
  }

  /** Resolves when nothing waits, or the outbox is closed. */
  async flushed(): Promise<void> {
    if (this.#queuedBytes === 0 || this.#isClosed) return;
    await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Ends the socket after what waits; takes nothing more. */
  endWhenEmpty(): void {
    this.#isEnding = true;
    if (this.#queuedBytes === 0) this.close();
  }

  /** Ends the socket now and drops what waits. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#queuedBytes = 0;
    this.#wire.end();
    this.#emptied();
  }

  #emptied(): void {
    const waiters = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of waiters) resolve();
    if (this.#isEnding) this.close();
  }
}
