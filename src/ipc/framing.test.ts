import { describe, expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { err, ok } from "#contracts/result.ts";
import { fixedRandom } from "#runtime/random.ts";
import { FrameReader, framed } from "./framing.ts";

function prefix(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

describe("FrameReader", () => {
  test("gives the same messages however the stream is cut", () => {
    const random = fixedRandom(3);
    const messages = [16, 24, 4_096, 65_536, 16].map((size) => random.bytes(size));
    const stream = Buffer.concat(messages.map(framed));
    for (const size of [1, 3, 4, 5, 1_000, 65_540, stream.byteLength]) {
      const reader = new FrameReader();
      const got: Uint8Array[] = [];
      for (let at = 0; at < stream.byteLength; at += size) {
        const piece = new Uint8Array(stream.subarray(at, at + size));
        expect(reader.push(piece, (message) => got.push(message) > 0)).toEqual(ok(undefined));
        piece.fill(0xaa); // a message must not be a view of the caller's buffer
      }
      expect(got.map((each) => Bun.SHA256.hash(each, "hex"))).toEqual(
        messages.map((each) => Bun.SHA256.hash(each, "hex")),
      );
      expect(reader.pendingBytes).toBe(0);
    }
  });

  test.each([0, 8, 15, 17, 20, LIMITS.frame_bytes_max + 8, 2 ** 31, 2 ** 32 - 1])(
    "refuses the length %d before it keeps a byte",
    (length) => {
      const reader = new FrameReader();
      const push = (bytes: Uint8Array) => reader.push(bytes, () => true);
      expect(push(Buffer.concat([prefix(length), new Uint8Array(100)]))).toEqual(err("length"));
      expect(reader.pendingBytes).toBe(0);
      expect(push(framed(new Uint8Array(16)))).toEqual(err("length"));
    },
  );

  test("stops where the callee says so", () => {
    const reader = new FrameReader();
    let count = 0;
    const two = Buffer.concat([framed(new Uint8Array(16)), framed(new Uint8Array(16))]);
    reader.push(two, () => {
      count += 1;
      return false;
    });
    expect(count).toBe(1);
  });

  test("is linear for a message that comes byte by byte", () => {
    const reader = new FrameReader();
    const bytes = framed(new Uint8Array(65_536));
    const begun = performance.now();
    let count = 0;
    for (let at = 0; at < bytes.byteLength; at += 1) {
      reader.push(bytes.subarray(at, at + 1), () => ++count > 0);
    }
    expect(count).toBe(1);
    expect(performance.now() - begun).toBeLessThan(1_000); // copying the buffer each time would take 2 GB of moves
  });
});
