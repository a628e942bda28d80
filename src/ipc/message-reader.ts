/**
 * Reads fields of a message whose structure `validateMessage` has passed. Strict where Cap'n Proto is lenient: a struct
 * has exactly the schema's size, text is UTF-8 and ends in NUL. The first broken rule is remembered in `refusal`, later
 * reads give empty values; positions are safe because the structure was checked.
 */
import type { WireRefusal } from "./refusal.ts";

const HEADER_BYTES = 8;
const WORD = 8;
const KIND_STRUCT = 0;
const KIND_LIST = 1;
const ELEMENT_BYTE = 2;
const ELEMENT_POINTER = 6;
const ELEMENT_COMPOSITE = 7;
const EMPTY = new Uint8Array(0);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface List {
  /** Byte offset of the first element, or of a composite's tag. */
  readonly at: number;
  readonly count: number;
}

/** A structurally valid message while it is being read. */
export class MessageReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  refusal: WireRefusal | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Notes the first broken rule. */
  refuse(code: WireRefusal): void {
    this.refusal ??= code;
  }

  /** The root struct; `undefined` (and a refusal) when it has another size than the schema's. */
  root(dataWords: number, pointers: number): StructReader | undefined {
    return this.structAt(HEADER_BYTES, dataWords, pointers);
  }

  /** The struct behind the pointer at byte `at`. */
  structAt(at: number, dataWords: number, pointers: number): StructReader | undefined {
    const low = this.view.getInt32(at, true);
    if (low === 0 && this.view.getUint32(at + 4, true) === 0) {
      this.refuse("missing");
      return undefined;
    }
    const sized =
      (low & 3) === KIND_STRUCT &&
      this.view.getUint16(at + 4, true) === dataWords &&
      this.view.getUint16(at + 6, true) === pointers;
    if (!sized) {
      this.refuse("shape");
      return undefined;
    }
    return new StructReader(this, at + WORD + (low >> 2) * WORD, dataWords);
  }

  /** The list behind the pointer at byte `at`; `undefined` when null, or (with a refusal) of another kind. */
  listAt(at: number, element: number): List | undefined {
    const low = this.view.getInt32(at, true);
    const high = this.view.getUint32(at + 4, true);
    if (low === 0 && high === 0) return undefined;
    if ((low & 3) !== KIND_LIST || (high & 7) !== element) {
      this.refuse("shape");
      return undefined;
    }
    return { at: at + WORD + (low >> 2) * WORD, count: high >>> 3 };
  }

  /** The text behind the pointer at byte `at`, at most `bytesMax` bytes without its NUL. */
  textAt(at: number, bytesMax: number): string {
    const list = this.listAt(at, ELEMENT_BYTE);
    if (list === undefined) return "";
    if (list.count - 1 > bytesMax) {
      this.refuse("limit");
      return "";
    }
    const end = list.at + list.count - 1;
    if (list.count === 0 || this.bytes[end] !== 0) {
      this.refuse("text_nul");
      return "";
    }
    try {
      return utf8.decode(this.bytes.subarray(list.at, end));
    } catch {
      this.refuse("text_utf8");
      return "";
    }
  }
}

/** Fields of one struct. Offsets are those of the schema, in units of the field. */
export class StructReader {
  readonly message: MessageReader;
  readonly #at: number;
  readonly #pointersAt: number;

  constructor(message: MessageReader, at: number, dataWords: number) {
    this.message = message;
    this.#at = at;
    this.#pointersAt = at + dataWords * WORD;
  }

  bool(bit: number): boolean {
    return (this.message.view.getUint8(this.#at + (bit >>> 3)) & (1 << (bit & 7))) !== 0;
  }
  uint8(index: number): number {
    return this.message.view.getUint8(this.#at + index);
  }
  uint16(index: number): number {
    return this.message.view.getUint16(this.#at + index * 2, true);
  }
  uint32(index: number): number {
    return this.message.view.getUint32(this.#at + index * 4, true);
  }

  /** A signed 64-bit number; outside ±(2^53 − 1) it is refused. */
  int64(index: number): number {
    const at = this.#at + index * WORD;
    const value = this.message.view.getInt32(at + 4, true) * 2 ** 32 + this.message.view.getUint32(at, true);
    if (Number.isSafeInteger(value)) return value;
    this.message.refuse("number");
    return 0;
  }

  text(slot: number, bytesMax: number): string {
    return this.message.textAt(this.#pointer(slot), bytesMax);
  }

  /** A view into the message, at most `bytesMax` bytes. */
  data(slot: number, bytesMax: number): Uint8Array {
    const list = this.message.listAt(this.#pointer(slot), ELEMENT_BYTE);
    if (list === undefined) return EMPTY;
    if (list.count > bytesMax) {
      this.message.refuse("limit");
      return EMPTY;
    }
    return this.message.bytes.subarray(list.at, list.at + list.count);
  }

  struct(slot: number, dataWords: number, pointers: number): StructReader | undefined {
    return this.message.structAt(this.#pointer(slot), dataWords, pointers);
  }

  texts(slot: number, countMax: number, bytesMax: number): readonly string[] {
    const list = this.message.listAt(this.#pointer(slot), ELEMENT_POINTER);
    if (list === undefined) return [];
    if (list.count > countMax) {
      this.message.refuse("limit");
      return [];
    }
    return Array.from({ length: list.count }, (_, i) => this.message.textAt(list.at + i * WORD, bytesMax));
  }

  structs(slot: number, dataWords: number, pointers: number, countMax: number): readonly StructReader[] {
    const list = this.message.listAt(this.#pointer(slot), ELEMENT_COMPOSITE);
    if (list === undefined) return [];
    const { view } = this.message;
    const sized =
      view.getUint16(list.at + 4, true) === dataWords && view.getUint16(list.at + 6, true) === pointers;
    const count = view.getUint32(list.at, true) >>> 2;
    if (!sized || count > countMax) {
      this.message.refuse(sized ? "limit" : "shape");
      return [];
    }
    const size = (dataWords + pointers) * WORD;
    return Array.from({ length: count }, (_, index) => {
      return new StructReader(this.message, list.at + WORD + index * size, dataWords);
    });
  }

  #pointer(slot: number): number {
    return this.#pointersAt + slot * WORD;
  }
}
