/** Builds messages word by word, for tests that need bytes no writer makes. */

/** A message of one segment from 64-bit words. */
export function messageOf(...words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 + words.length * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, words.length, true);
  words.forEach((word, index) => {
    view.setBigUint64(8 + index * 8, BigInt.asUintN(64, word), true);
  });
  return bytes;
}

/** A struct pointer: offset in words from its end, sizes of the struct. */
export function structPointer(offset: number, dataWords: number, pointers: number): bigint {
  return BigInt.asUintN(32, BigInt(offset << 2)) | (BigInt(dataWords) << 32n) | (BigInt(pointers) << 48n);
}

/** A list pointer: offset, element size code, count (words for code 7). */
export function listPointer(offset: number, element: number, count: number): bigint {
  return BigInt.asUintN(32, BigInt((offset << 2) | 1)) | (BigInt((count << 3) | element) << 32n);
}

/** The tag before the elements of a list of structs. */
export function tagWord(count: number, dataWords: number, pointers: number): bigint {
  return BigInt.asUintN(32, BigInt(count << 2)) | (BigInt(dataWords) << 32n) | (BigInt(pointers) << 48n);
}
