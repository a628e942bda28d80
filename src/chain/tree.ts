/** RFC 6962 section 2.1: the Merkle tree over all rows, kept as the roots of its complete subtrees. */
import { utf8 } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** Root of the tree without leaves. */
export function emptyRoot(crypto: Crypto): Uint8Array {
  return crypto.sha256(utf8(""));
}

/** `H(0x00 ‖ data)`. */
export function leafHash(crypto: Crypto, data: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + data.length);
  input.set(data, 1);
  return crypto.sha256(input);
}

/** `H(0x01 ‖ left ‖ right)`. */
export function nodeHash(crypto: Crypto, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return crypto.sha256(input);
}

/** The input of one node, `0x01 ‖ left ‖ right`, with views into it: children are hashed into their place. */
interface Level {
  readonly input: Uint8Array;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

/** A growing tree that holds log₂(size) hashes. Appending allocates nothing and copies nothing but the leaf. */
export class Frontier {
  readonly #crypto: Crypto;
  /** `left` of `#levels[k]` is the root of the complete subtree of 2^k leaves, in use when bit k of the size is set. */
  readonly #levels: Level[] = [];
  readonly #leafInput = new Uint8Array(33);
  #size = 0;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /**
   * Rebuilds a tree of `size` leaves from the roots of its complete subtrees, left to right. `undefined`
   * when their
   * number is not the number of set bits of `size`. The caller compares `root()` with a signed one.
   */
  static from(crypto: Crypto, size: number, roots: readonly Uint8Array[]): Frontier | undefined {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    const frontier = new Frontier(crypto);
    const remaining = roots.slice();
    for (let level = 0, rest = size; rest > 0; level++, rest = Math.floor(rest / 2)) {
      const root = rest % 2 === 1 ? remaining.pop() : new Uint8Array(32);
      if (root === undefined || root.length !== 32) return undefined;
      frontier.#level(level).left.set(root);
    }
    if (remaining.length > 0) return undefined;
    frontier.#size = size;
    return frontier;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf whose data is 32 bytes: a row's hash. */
  append(data: Uint8Array): void {
    const { sha256 } = this.#crypto;
    this.#leafInput.set(data, 1);
    let input: Uint8Array = this.#leafInput;
    let level = this.#level(0);
    let at = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      sha256(input, level.right);
      input = level.input;
      at += 1;
      level = this.#level(at);
    }
    sha256(input, level.left);
    this.#size += 1;
  }

  /** Roots of the complete subtrees, left to right (largest first). */
  roots(): Uint8Array[] {
    const roots: Uint8Array[] = [];
    for (let level = 0, rest = this.#size; rest > 0; level++, rest = Math.floor(rest / 2)) {
      const root = this.#levels[level]?.left;
      if (rest % 2 === 1 && root !== undefined) roots.unshift(root.slice());
    }
    return roots;
  }

  /** Root of the whole tree. */
  root(): Uint8Array {
    const [last, ...rest] = this.roots().reverse();
    if (last === undefined) return emptyRoot(this.#crypto);
    return rest.reduce((right, left) => nodeHash(this.#crypto, left, right), last);
  }

  /** An independent copy. */
  copy(): Frontier {
    const copied = Frontier.from(this.#crypto, this.#size, this.roots());
    if (copied === undefined) throw new Error("a frontier could not be copied");
    return copied;
  }

  #level(at: number): Level {
    const known = this.#levels[at];
    if (known !== undefined) return known;
    const input = new Uint8Array(65);
    input[0] = 1;
    const level = { input, left: input.subarray(1, 33), right: input.subarray(33) };
    this.#levels[at] = level;
    return level;
  }
}
