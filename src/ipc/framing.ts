/** Frames on a byte stream: u32 length, big-endian, then the message. The length is judged before a byte is kept. */
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";

const PREFIX_BYTES = 4;

/** A message behind its length prefix. */
export function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(PREFIX_BYTES + message.byteLength));
  new DataView(bytes.buffer).setUint32(0, message.byteLength);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/**
 * Cuts a stream into messages. Each byte is copied once, into an array of exactly the message's length, so the work is
 * linear however the stream was cut.
 */
export class FrameReader {
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixFilled = 0;
  #message: Uint8Array | undefined;
  #filled = 0;
  #broken = false;

  /** Bytes held for a message that is not complete. */
  get pendingBytes(): number {
    return this.#filled;
  }

  /**
   * Takes the next piece of the stream and calls `onMessage` with each message that it completes, in order; the array
   * is the callee's own. After an error every later call fails: a stream cannot be joined again.
   * `onMessage` returns false to stop: the rest of the piece is dropped.
   */
  push(piece: Uint8Array, onMessage: (message: Uint8Array) => boolean): Result<undefined, "length"> {
    let at = 0;
    while (at < piece.byteLength && !this.#broken) {
      if (this.#message === undefined) {
        at = this.#takePrefix(piece, at);
        continue;
      }
      const count = Math.min(this.#message.byteLength - this.#filled, piece.byteLength - at);
      this.#message.set(piece.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#message.byteLength) continue;
      const message = this.#message;
      this.#message = undefined;
      this.#filled = 0;
      if (!onMessage(message)) return ok(undefined);
    }
    return this.#broken ? err("length") : ok(undefined);
  }

  #takePrefix(piece: Uint8Array, from: number): number {
    let at = from;
    while (this.#prefixFilled < PREFIX_BYTES && at < piece.byteLength) {
      this.#prefix[this.#prefixFilled] = piece[at] ?? 0;
      this.#prefixFilled += 1;
      at += 1;
    }
    if (this.#prefixFilled < PREFIX_BYTES) return at;
    this.#prefixFilled = 0;
    const length = new DataView(this.#prefix.buffer).getUint32(0);
    if (length < LIMITS.frame_bytes_min || length > LIMITS.frame_bytes_max || length % 8 !== 0) {
      this.#broken = true;
    } else {
      this.#message = new Uint8Array(new ArrayBuffer(length));
    }
    return at;
  }
}
