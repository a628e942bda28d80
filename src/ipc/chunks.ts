/** Payloads longer than one frame: cut into `chunk` payloads, put together again within bounds. */
import type { Payload } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { OpenedFrame } from "./signed-frame.ts";

type Chunk = Extract<Payload, { kind: "chunk" }>;

/** The chunks of `payload` in order; each but the last is `LIMITS.chunk_bytes_max` long. */
export function chunksOf(id: number, payload: Uint8Array): readonly Chunk[] {
  const count = Math.ceil(payload.byteLength / LIMITS.chunk_bytes_max);
  return Array.from({ length: count }, (_, index) => ({
    kind: "chunk",
    id,
    index,
    last: index === count - 1,
    data: payload.subarray(index * LIMITS.chunk_bytes_max, (index + 1) * LIMITS.chunk_bytes_max),
  }));
}

/** A payload that arrived in chunks, with the frames that carried it. */
export interface Assembled {
  readonly payload: Uint8Array;
  /** The signed frames in order; at least two. */
  readonly frames: readonly OpenedFrame[];
}

interface Open {
  readonly pieces: Uint8Array[];
  readonly frames: OpenedFrame[];
}

/**
 * Puts chunks together. One peer has at most `LIMITS.chunks_open_max` bodies open and `LIMITS.chunked_bytes_max` bytes
 * over all of them, so what it can make us hold is bounded by one body, however it deals its chunks.
 */
export class ChunkAssembler {
  readonly #open = new Map<number, Open>();
  #heldBytes = 0;

  /** Bytes of bodies that are not complete. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes a chunk and the frame it came in. `undefined` until a body is complete. Refused: an index out of order, a
   * chunk that is not full and not the last, a body of one chunk or without a full first one, too much held.
   */
  take(chunk: Chunk, frame: OpenedFrame): Result<Assembled | undefined, "chunk"> {
    const body = chunk.index === 0 ? this.#begin(chunk.id) : this.#open.get(chunk.id);
    if (body === undefined || body.pieces.length !== chunk.index) return err("chunk");
    const length = chunk.data.byteLength;
    const isFull = length === LIMITS.chunk_bytes_max;
    const fits = chunk.last ? length > 0 && chunk.index > 0 : isFull;
    if (!fits || this.#heldBytes + length > LIMITS.chunked_bytes_max) return err("chunk");
    body.pieces.push(chunk.data);
    body.frames.push(frame);
    this.#heldBytes += length;
    if (!chunk.last) return ok(undefined);
    this.#open.delete(chunk.id);
    const payload = joined(body.pieces);
    this.#heldBytes -= payload.byteLength;
    return ok({ payload, frames: body.frames });
  }

  #begin(id: number): Open | undefined {
    if (this.#open.has(id) || this.#open.size >= LIMITS.chunks_open_max) return undefined;
    const body: Open = { pieces: [], frames: [] };
    this.#open.set(id, body);
    return body;
  }
}

/** Joins pieces into an array of its own. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
