/** Bytes on their way through the broker: read up to a border within bounds, then passed on and counted. */
import type { Duplex } from "node:stream";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";

/** What a connection's bytes are counted with; `false` ends it. */
export interface Bytes {
  out(count: number): boolean;
  in(count: number): boolean;
  /** Calls `end` after the longest silence, unless the returned function is called first. */
  idle(end: () => void): () => void;
}

export interface Piece {
  /** Up to the border. */
  readonly bytes: Uint8Array;
  /** What had come behind it. */
  readonly rest: Uint8Array;
}

/**
 * Reads until `border` finds one. Fails with `closed`, `late` or `long`; the stream is paused then and
 * after.
 */
export function readUntil(
  stream: Duplex,
  border: (bytes: Uint8Array) => number | undefined,
  bounds: {
    readonly clock: Clock;
    readonly ms: number;
    readonly bytesMax: number;
    readonly first?: Uint8Array;
  },
): Promise<Result<Piece, "closed" | "late" | "long">> {
  const { promise, resolve } = Promise.withResolvers<Result<Piece, "closed" | "late" | "long">>();
  let bytes = bounds.first ?? new Uint8Array(0);
  const finish = (result: Result<Piece, "closed" | "late" | "long">): void => {
    cancel();
    stream.off("data", add);
    stream.off("end", closed);
    stream.off("close", closed);
    stream.pause();
    resolve(result);
  };
  const look = (): void => {
    const at = border(bytes);
    if (at !== undefined) finish(ok({ bytes: bytes.subarray(0, at), rest: bytes.subarray(at) }));
    else if (bytes.length > bounds.bytesMax) finish(err("long"));
  };
  const add = (chunk: Uint8Array): void => {
    bytes = Buffer.concat([bytes, chunk]);
    look();
  };
  const closed = (): void => finish(err("closed"));
  const cancel = bounds.clock.after(bounds.ms, () => finish(err("late")));
  stream.on("data", add);
  stream.once("end", closed);
  stream.once("close", closed);
  stream.resume();
  look();
  return promise;
}

/** Changes bytes on their way; it may hold some back until more have come, or the end. */
export interface Change {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** Passes bytes on with backpressure. `count` may end it. The far side is ended when the near one ends. */
export function pass(
  from: Duplex,
  to: Duplex,
  count: (bytes: number) => boolean,
  bytes: Bytes,
  change?: Change,
): void {
  const stop = (): void => {
    from.destroy();
    to.destroy();
  };
  let cancel = bytes.idle(stop);
  from.on("data", (chunk: Uint8Array) => {
    cancel();
    if (!count(chunk.length)) {
      stop();
      return;
    }
    cancel = bytes.idle(stop);
    if (to.write(change === undefined ? chunk : change.push(chunk))) return;
    from.pause();
    to.once("drain", () => from.resume());
  });
  from.once("end", () => to.end(change?.end()));
  from.once("close", () => cancel());
  from.resume();
}

/** Ends a stream behind what was written to it. */
export function endOfBytes(stream: Duplex): void {
  if (!stream.writableEnded) stream.end();
}
