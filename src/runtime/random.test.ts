import { expect, test } from "bun:test";
import { systemRandom } from "./random.ts";

test.each([0, 1, 16, 31, 32, 33, 512, 4_096])(
  "systemRandom.bytes gives %d bytes in an array of its own",
  (count) => {
    const [first, second] = [systemRandom.bytes(count), systemRandom.bytes(count)];
    expect(first.byteLength).toBe(count);
    if (count < 16) return;
    expect(first).not.toEqual(second);
    expect(first.some((byte) => byte !== 0)).toBe(true);
  },
);

test("systemRandom.bytes hands out a key's bytes alone, not a piece of what was drawn", () => {
  expect(systemRandom.bytes(32).buffer.byteLength).toBe(32);
});
