/** Both ways to a socket pair give two ends that are connected. The C library's symbol is the way on macOS. */
import { expect, test } from "bun:test";
import { closeSync, readSync, writeSync } from "node:fs";
import { byName, socketPair } from "./socket-pair.ts";

test("socketPair gives two connected ends", () => {
  const pair = socketPair();
  if (pair === undefined) throw new Error("no socket pair on this system");
  expectConnected(pair[0], pair[1]);
});

test.skipIf(process.platform !== "linux")(
  "byName makes the same pair through the library's symbol (needs Linux)",
  () => {
    const ends = new Int32Array(2);
    expect(byName("libc.so.6", ends)).toBe(true);
    expectConnected(ends[0] ?? -1, ends[1] ?? -1);
  },
);

function expectConnected(a: number, b: number): void {
  const room = new Uint8Array(8);
  writeSync(a, "ping");
  expect(readSync(b, room)).toBe(4);
  expect(Buffer.from(room.subarray(0, 4)).toString()).toBe("ping");
  closeSync(a);
  closeSync(b);
}
