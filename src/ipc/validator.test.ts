/** Messages that hurt a lenient decoder, and the rule that stops each. */
import { describe, expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { err, ok } from "#contracts/result.ts";
import { encodePayload } from "./payload-codec.ts";
import { listPointer, messageOf, structPointer, tagWord } from "./raw-words.case.ts";
import type { StructureRefusal } from "./refusal.ts";
import { SAMPLE_PAYLOADS } from "./samples.case.ts";
import { validateMessage } from "./validator.ts";

const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromHex(text);

/** A root struct of one pointer that leads to whatever follows. */
function rooted(...words: readonly bigint[]): Uint8Array {
  return messageOf(structPointer(0, 0, 1), ...words);
}

/** A chain of `depth` structs of one pointer each; the last points nowhere. */
function chain(depth: number): Uint8Array {
  return messageOf(...Array.from({ length: depth }, () => structPointer(0, 0, 1)), 0n);
}

const HOSTILE: readonly (readonly [string, Uint8Array, StructureRefusal])[] = [
  ["no bytes", new Uint8Array(0), "length"],
  ["six bytes that claim a billion segments", hex("feffffff2900"), "length"],
  ["eight bytes that claim 100 M segments", hex("fff0f50500000000"), "length"],
  ["16 bytes that claim a billion segments", hex("feffffff290000000000000000000000"), "segments"],
  ["17 bytes", new Uint8Array(17), "length"],
  ["more than the maximum", new Uint8Array(LIMITS.frame_bytes_max + 8), "length"],
  ["two segments", hex("01000000010000000100000000000000000000000000000000000000"), "length"],
  ["two segments, aligned", new Uint8Array([1, 0, 0, 0, 1, 0, 0, 0, ...new Uint8Array(24)]), "segments"],
  ["a segment longer than the message", hex("00000000ffffff0f0000000000000000"), "segments"],
  ["a segment shorter than the message", hex("000000000100000000000000000000000000000000000000"), "segments"],
  ["a far pointer", messageOf(2n), "far_pointer"],
  ["a double-far pointer", messageOf(6n), "far_pointer"],
  ["a capability pointer", messageOf(3n), "capability"],
  ["a capability inside", rooted(3n), "capability"],
  ["a zero-size struct", messageOf(BigInt.asUintN(32, -4n)), "zero_size"],
  ["a void list of 2^29 - 1 elements", rooted(listPointer(0, 0, 2 ** 29 - 1)), "zero_size"],
  ["a void list of none", rooted(listPointer(0, 0, 0)), "zero_size"],
  ["10 M zero-size structs", rooted(listPointer(0, 7, 0), tagWord(10_000_000, 0, 0)), "zero_size"],
  [
    "a list of structs that is larger than it says",
    rooted(listPointer(0, 7, 1), tagWord(2, 1, 0), 0n),
    "bounds",
  ],
  [
    "a list of structs that is smaller than it says",
    rooted(listPointer(0, 7, 2), tagWord(1, 1, 0), 0n, 0n),
    "bounds",
  ],
  [
    "a list of structs whose tag is a list pointer",
    rooted(listPointer(0, 7, 1), tagWord(1, 1, 0) | 1n, 0n),
    "bounds",
  ],
  ["a list of structs without room for its tag", rooted(listPointer(0, 7, 0)), "bounds"],
  ["a struct behind the end", messageOf(structPointer(1, 1, 0)), "bounds"],
  ["a struct before the start", messageOf(structPointer(-2, 1, 0)), "bounds"],
  ["a struct that reaches over the end", messageOf(structPointer(0, 2, 0), 0n), "bounds"],
  ["a text that reaches over the end", rooted(listPointer(0, 2, 9), 0n), "bounds"],
  ["a list of 2^29 - 1 words", rooted(listPointer(0, 5, 2 ** 29 - 1)), "bounds"],
  ["a struct that contains itself", messageOf(structPointer(-1, 0, 1)), "budget"],
  ["a child that is its parent", rooted(structPointer(-1, 0, 1)), "budget"],
  [
    "one text reached twice",
    messageOf(structPointer(0, 0, 2), listPointer(1, 2, 8), listPointer(0, 2, 8), 0n),
    "budget",
  ],
  ["nine levels", chain(9), "depth"],
  [
    "1,025 pointers",
    messageOf(structPointer(0, 0, 1), listPointer(0, 6, 1_023), ...Array.from({ length: 1_023 }, () => 0n)),
    "pointers",
  ],
  [
    "8,000 null pointers",
    rooted(listPointer(0, 6, 8_000), ...Array.from({ length: 8_000 }, () => 0n)),
    "pointers",
  ],
];

describe("validateMessage", () => {
  test.each([...HOSTILE])("refuses %s", (_, bytes, reason) => {
    expect(validateMessage(bytes)).toEqual(err(reason));
  });

  test("takes what lies exactly on the bounds", () => {
    expect(validateMessage(new Uint8Array([0, 0, 0, 0, 1, 0, 0, 0, ...new Uint8Array(8)]))).toEqual(
      ok(undefined),
    );
    expect(validateMessage(chain(8))).toEqual(ok(undefined));
    const nulls = Array.from({ length: 1_022 }, () => 0n);
    expect(validateMessage(rooted(listPointer(0, 6, 1_022), ...nulls))).toEqual(ok(undefined));
    const longest = new Uint8Array(LIMITS.frame_bytes_max);
    new DataView(longest.buffer).setUint32(4, LIMITS.frame_bytes_max / 8 - 1, true);
    expect(validateMessage(longest)).toEqual(ok(undefined));
  });

  test("takes every message that the writer makes", () => {
    for (const payload of SAMPLE_PAYLOADS) {
      const bytes = encodePayload(payload);
      expect(bytes.ok && validateMessage(bytes.value)).toEqual(ok(undefined));
    }
  });

  test("works inside of a larger buffer", () => {
    const outer = new Uint8Array(48);
    outer.set(messageOf(structPointer(0, 1, 0), 5n), 8);
    expect(validateMessage(outer.subarray(8, 32))).toEqual(ok(undefined));
  });
});
