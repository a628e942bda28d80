/** Reads a stream that may carry a secret to its end, up to a bound. */

/** All bytes, the pieces zeroed; `undefined` when there are more than `bytesMax`. */
export async function readBounded(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const room = new Uint8Array(new ArrayBuffer(bytesMax));
  let length = 0;
  for await (const piece of stream) {
    if (length + piece.byteLength > bytesMax) {
      room.fill(0);
      return undefined;
    }
    room.set(piece, length);
    length += piece.byteLength;
    piece.fill(0);
  }
  const whole = room.slice(0, length);
  room.fill(0);
  return whole;
}
