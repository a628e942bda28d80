/**
 * RFC 6962 sections 2.1.1 and 2.1.2: inclusion and consistency proofs, made and verified (RFC 9162 section
 * 2.1).
 */
import { equalBytes } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { nodeHash } from "./tree.ts";

/** The hash of the leaves from `start` up to and without `end`. */
export type RangeHash = (start: number, end: number) => Uint8Array;

/** Range hashes over leaf hashes held in memory; `offset` is the index of the first of them. */
export function rangeOfLeaves(crypto: Crypto, leaves: readonly Uint8Array[], offset = 0): RangeHash {
  const range: RangeHash = (start, end) => {
    const leaf = leaves[start - offset];
    if (leaf === undefined || start >= end) throw new RangeError("a leaf outside the range");
    if (end - start === 1) return leaf;
    const middle = start + splitOf(end - start);
    return nodeHash(crypto, range(start, middle), range(middle, end));
  };
  return range;
}

/**
 * Range hashes over a tree of which only the complete subtrees of its first `size` leaves and every later
 * leaf hash are
 * known. That is enough for any consistency proof from `size`: RFC 6962 asks for no other range.
 */
export function rangeFromFrontier(
  crypto: Crypto,
  size: number,
  roots: readonly Uint8Array[],
  later: readonly Uint8Array[],
): RangeHash {
  const subtrees = new Map<string, Uint8Array>();
  let start = 0;
  let rest = size;
  for (const root of roots) {
    const width = 2 ** Math.floor(Math.log2(rest));
    subtrees.set(`${start}-${start + width}`, root);
    start += width;
    rest -= width;
  }
  const tail = rangeOfLeaves(crypto, later, size);
  return (from, to) => {
    if (from >= size) return tail(from, to);
    const known = subtrees.get(`${from}-${to}`);
    if (known === undefined) throw new RangeError("a range across the frontier");
    return known;
  };
}

/**
 * Proof that the tree of `first` leaves is a prefix of the tree of `second`; empty when they are equal or
 * first is 0.
 */
export function consistencyProof(first: number, second: number, range: RangeHash): Uint8Array[] {
  if (first === 0 || first === second) return [];
  const step = (m: number, start: number, end: number, whole: boolean): Uint8Array[] => {
    if (m === end - start) return whole ? [] : [range(start, end)];
    const k = splitOf(end - start);
    if (m <= k) return [...step(m, start, start + k, whole), range(start + k, end)];
    return [...step(m - k, start + k, end, false), range(start, start + k)];
  };
  return step(first, 0, second, true);
}

/** Audit path of the leaf at `index` in the tree of `size` leaves. */
export function inclusionProof(index: number, size: number, range: RangeHash): Uint8Array[] {
  const step = (m: number, start: number, end: number): Uint8Array[] => {
    if (end - start === 1) return [];
    const k = splitOf(end - start);
    if (m < k) return [...step(m, start, start + k), range(start + k, end)];
    return [...step(m - k, start + k, end), range(start, start + k)];
  };
  return step(index, 0, size);
}

/**
 * Verifies a consistency proof (RFC 9162 section 2.1.4.2). False from size 0: an empty tree proves nothing.
 */
export function verifyConsistency(
  crypto: Crypto,
  first: { readonly size: number; readonly root: Uint8Array },
  second: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(first.size) || !isSize(second.size) || first.size > second.size) return false;
  if (first.size === 0) return false;
  if (proof.some((node) => node.length !== 32)) return false;
  if (first.size === second.size) return proof.length === 0 && equalBytes(first.root, second.root);
  const path = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof;
  const [seed, ...rest] = path;
  if (seed === undefined) return false;
  let fn = first.size - 1;
  let sn = second.size - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let fr = seed;
  let sr = seed;
  for (const node of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(crypto, node, fr);
      sr = nodeHash(crypto, node, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      sr = nodeHash(crypto, sr, node);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(fr, first.root) && equalBytes(sr, second.root);
}

/** Verifies an audit path (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  crypto: Crypto,
  leaf: { readonly index: number; readonly hash: Uint8Array },
  tree: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(leaf.index) || !isSize(tree.size) || leaf.index >= tree.size) return false;
  if (leaf.hash.length !== 32 || proof.some((node) => node.length !== 32)) return false;
  let fn = leaf.index;
  let sn = tree.size - 1;
  let hash = leaf.hash;
  for (const node of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(crypto, node, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = nodeHash(crypto, hash, node);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(hash, tree.root);
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value)) && 2 ** Math.log2(value) === value;
}
