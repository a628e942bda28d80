/** Mutations that know a little of the format: single bits, whole words, pointers, sizes, and splices. */
import type { Random } from "#runtime/random.ts";

const WORD = 8;
/** Words that mean trouble: self references, far and capability pointers, huge and void lists. */
const WORDS: readonly bigint[] = [
  0n,
  2n,
  3n,
  0xfffffffcn,
  0xffff_ffff_ffff_ffffn,
  0x0001_0000_ffff_fffcn, // a struct of one pointer, which is this one
  0xffff_fff8_0000_0001n, // 2^29 − 1 void elements
  0x0000_0007_0000_0001n, // an empty list of structs
  0x0000_0000_0098_9680n,
];

/** A changed copy of `good`: one to four mutations. */
export function mutate(good: Uint8Array, random: Random): Uint8Array {
  const below = (limit: number): number => Math.floor(random.unit() * limit);
  let bytes: Uint8Array = good.slice();
  for (let count = 1 + below(4); count > 0 && bytes.byteLength > 0; count -= 1) {
    const at = below(bytes.byteLength);
    switch (below(8)) {
      case 0:
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        bytes[at] = below(256);
        break;
      case 3:
        putWord(bytes, at, WORDS[below(WORDS.length)] ?? 0n);
        break;
      case 4:
        swapWords(bytes, at, below(bytes.byteLength));
        break;
      case 5:
        bytes = resized(bytes, (below(5) - 2) * WORD);
        break;
      case 6:
        bytes = below(4) === 0 ? bytes.slice(0, at) : withDelta(bytes, at, below(9) - 4);
        break;
      default:
        bytes = below(8) === 0 ? random.bytes(below(256)) : withDelta(bytes, at, below(3) - 1);
    }
  }
  return bytes;
}

/** A whole word at the word that holds byte `at`. */
function putWord(bytes: Uint8Array, at: number, word: bigint): void {
  const start = at - (at % WORD);
  if (start + WORD > bytes.byteLength) return;
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(start, word, true);
}

function swapWords(bytes: Uint8Array, a: number, b: number): void {
  const [first, second] = [a - (a % WORD), b - (b % WORD)];
  if (Math.max(first, second) + WORD > bytes.byteLength) return;
  const kept = bytes.slice(first, first + WORD);
  bytes.copyWithin(first, second, second + WORD);
  bytes.set(kept, second);
}

/** Longer or shorter by whole words, with the header's length made to fit, so that the next rules are reached. */
function resized(bytes: Uint8Array, by: number): Uint8Array {
  const length = Math.max(bytes.byteLength + by, 0);
  const changed = new Uint8Array(length);
  changed.set(bytes.subarray(0, length));
  if (length >= WORD) new DataView(changed.buffer).setUint32(4, Math.floor(length / WORD) - 1, true);
  return changed;
}

/** A byte a little larger or smaller: lengths, offsets and counts that are off by a few. */
function withDelta(bytes: Uint8Array, at: number, delta: number): Uint8Array {
  bytes[at] = ((bytes[at] ?? 0) + delta) & 0xff;
  return bytes;
}
