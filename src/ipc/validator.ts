/**
 * Structure of a Cap'n Proto message, checked on the bytes before any field is read (docs/formats/frames.md,
 * "Structure"). Needs no schema. After it passed, every struct and list lies inside the segment and no word is reached
 * twice, so a reader's cost is bounded by the size of the message.
 */
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { StructureRefusal } from "./refusal.ts";

const WORD = 8;
const KIND_STRUCT = 0;
const KIND_LIST = 1;
const KIND_FAR = 2;
const ELEMENT_VOID = 0;
const ELEMENT_POINTER = 6;
const ELEMENT_COMPOSITE = 7;
const ELEMENT_BITS = [0, 1, 8, 16, 32, 64, 64] as const;

/**
 * Checks the structure of one message.
 * @param bytes the message with its stream header, in an array that the caller owns.
 * @param bytesMax longest message in bytes: a frame's, or an assembled body's.
 */
export function validateMessage(
  bytes: Uint8Array,
  bytesMax: number = LIMITS.frame_bytes_max,
): Result<undefined, StructureRefusal> {
  const length = bytes.byteLength;
  if (length < LIMITS.frame_bytes_min || length > bytesMax || length % WORD !== 0) return err("length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const words = length / WORD - 1;
  if (view.getUint32(0, true) !== 0 || view.getUint32(4, true) !== words) return err("segments");
  const walk = new Walk(view, words);
  const refusal = walk.pointer(0, 1);
  return refusal === undefined ? ok(undefined) : err(refusal);
}

/** One pass over the pointers of a segment. Offsets are words from the start of the segment. */
class Walk {
  readonly #view: DataView;
  readonly #words: number;
  #budget: number;
  #pointers = 0;

  constructor(view: DataView, words: number) {
    this.#view = view;
    this.#words = words;
    this.#budget = words - 1; // the root pointer's own word
  }

  /** Follows the pointer in word `at`; what it points to lies at nesting `depth`. */
  pointer(at: number, depth: number): StructureRefusal | undefined {
    this.#pointers += 1;
    if (this.#pointers > LIMITS.frame_pointers_max) return "pointers";
    const low = this.#low(at);
    const high = this.#high(at);
    if (low === 0 && high === 0) return undefined;
    const kind = low & 3;
    if (kind > KIND_LIST) return kind === KIND_FAR ? "far_pointer" : "capability";
    const target = at + 1 + (low >> 2); // arithmetic shift: the offset is signed
    return kind === KIND_STRUCT ? this.#struct(target, high, depth) : this.#list(target, high, depth);
  }

  #struct(target: number, high: number, depth: number): StructureRefusal | undefined {
    const dataWords = high & 0xffff;
    const pointers = high >>> 16;
    if (dataWords + pointers === 0) return "zero_size";
    const refusal = this.#take(target, dataWords + pointers, depth);
    return refusal ?? this.#follow(target + dataWords, pointers, depth + 1);
  }

  #list(target: number, high: number, depth: number): StructureRefusal | undefined {
    const element = high & 7;
    const count = high >>> 3;
    if (element === ELEMENT_VOID) return "zero_size";
    if (element === ELEMENT_COMPOSITE) return this.#composite(target, count, depth);
    const words = Math.ceil((count * (ELEMENT_BITS[element] ?? 64)) / 64);
    const refusal = this.#take(target, words, depth);
    if (refusal !== undefined || element !== ELEMENT_POINTER) return refusal;
    return this.#follow(target, count, depth + 1);
  }

  #composite(target: number, words: number, depth: number): StructureRefusal | undefined {
    const refusal = this.#take(target, words + 1, depth);
    if (refusal !== undefined) return refusal;
    const low = this.#low(target);
    const high = this.#high(target);
    const dataWords = high & 0xffff;
    const pointers = high >>> 16;
    const size = dataWords + pointers;
    if (size === 0) return "zero_size";
    // The tag has a struct pointer's form; its offset is the unsigned number of elements.
    if ((low & 3) !== KIND_STRUCT || (low >>> 2) * size !== words) return "bounds";
    for (let first = target + 1; first < target + 1 + words; first += size) {
      const inner = this.#follow(first + dataWords, pointers, depth + 1);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }

  /** Claims `words` at `target`: inside the segment, not too deep, and paid from the budget. */
  #take(target: number, words: number, depth: number): StructureRefusal | undefined {
    if (target < 0 || target + words > this.#words) return "bounds";
    if (depth > LIMITS.frame_depth_max) return "depth";
    if (words > this.#budget) return "budget";
    this.#budget -= words;
    return undefined;
  }

  #follow(first: number, count: number, depth: number): StructureRefusal | undefined {
    for (let index = 0; index < count; index += 1) {
      const refusal = this.pointer(first + index, depth);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #low(word: number): number {
    return this.#view.getInt32((word + 1) * WORD, true);
  }
  #high(word: number): number {
    return this.#view.getUint32((word + 1) * WORD + 4, true);
  }
}
