/**
 * Writes the one normal form of a Cap'n Proto message (docs/formats/frames.md, "Normal form"): one segment, objects in
 * the order of their pointers, structs at the schema's full size, empty text, data and lists as null pointers.
 * A caller's value that no reader would take is remembered in `refusal`; the bytes are then not to be used.
 */
import type { WireRefusal } from "./refusal.ts";

const HEADER_BYTES = 8;
const WORD = 8;
const ELEMENT_BYTE = 2;
const ELEMENT_POINTER = 6;
const ELEMENT_COMPOSITE = 7;
const utf8 = new TextEncoder();

/** Bytes of one message while it is being written. */
export class MessageBuilder {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #end = HEADER_BYTES;
  /** The first value that cannot be written, if any. */
  refusal: WireRefusal | undefined;

  /** `hintBytes`: expected size; the buffer grows by doubling beyond it. */
  constructor(hintBytes = 1_024) {
    this.#bytes = new Uint8Array(new ArrayBuffer(Math.max(hintBytes, 64)));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get view(): DataView {
    return this.#view;
  }

  /** Notes the first value that cannot be written. */
  refuse(code: WireRefusal): void {
    this.refusal ??= code;
  }

  /** Reserves zeroed words and returns the byte offset of the first. */
  reserve(words: number): number {
    const at = this.#end;
    const end = at + words * WORD;
    if (end > this.#bytes.byteLength) this.#grow(end);
    this.#end = end;
    return at;
  }

  /** Copies `bytes` to `at`, inside of what was reserved. */
  put(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  /** The root struct, behind the root pointer. Called once, first. */
  root(dataWords: number, pointers: number): StructBuilder {
    return this.structAt(this.reserve(1), dataWords, pointers);
  }

  /** Writes a struct pointer at `pointerAt` and reserves its struct at the end of the message. */
  structAt(pointerAt: number, dataWords: number, pointers: number): StructBuilder {
    const at = this.reserve(dataWords + pointers);
    this.#view.setInt32(pointerAt, ((at - pointerAt - WORD) / WORD) << 2, true);
    this.#view.setUint16(pointerAt + 4, dataWords, true);
    this.#view.setUint16(pointerAt + 6, pointers, true);
    return new StructBuilder(this, at, dataWords);
  }

  /** Writes a list pointer at `pointerAt` to the end of the message. `count` in elements, or words for composites. */
  listPointer(pointerAt: number, element: number, count: number): void {
    this.#view.setInt32(pointerAt, (((this.#end - pointerAt - WORD) / WORD) << 2) | 1, true);
    this.#view.setUint32(pointerAt + 4, ((count << 3) | element) >>> 0, true);
  }

  /** The message with its stream header. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(4, (this.#end - HEADER_BYTES) / WORD, true);
    return this.#bytes.slice(0, this.#end);
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(new ArrayBuffer(Math.max(needed, this.#bytes.byteLength * 2)));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Fields of one struct while it is being written. Offsets are those of the schema, in units of the field. */
export class StructBuilder {
  readonly message: MessageBuilder;
  readonly #at: number;
  readonly #pointersAt: number;

  constructor(message: MessageBuilder, at: number, dataWords: number) {
    this.message = message;
    this.#at = at;
    this.#pointersAt = at + dataWords * WORD;
  }

  bool(bit: number, value: boolean): void {
    if (!value) return;
    const at = this.#at + (bit >>> 3);
    this.message.view.setUint8(at, this.message.view.getUint8(at) | (1 << (bit & 7)));
  }
  uint8(index: number, value: number): void {
    this.message.view.setUint8(this.#at + index, value);
  }
  uint16(index: number, value: number): void {
    this.message.view.setUint16(this.#at + index * 2, value, true);
  }
  uint32(index: number, value: number): void {
    this.message.view.setUint32(this.#at + index * 4, value, true);
  }
  /** A safe integer in two's complement over 64 bits. */
  int64(index: number, value: number): void {
    const at = this.#at + index * WORD;
    this.message.view.setUint32(at, value >>> 0, true);
    this.message.view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  text(slot: number, value: string): void {
    writeText(this.message, this.#pointer(slot), value);
  }

  data(slot: number, value: Uint8Array): void {
    if (value.byteLength === 0) return;
    this.message.listPointer(this.#pointer(slot), ELEMENT_BYTE, value.byteLength);
    this.message.put(this.message.reserve(wordsOf(value.byteLength)), value);
  }

  struct(slot: number, dataWords: number, pointers: number): StructBuilder {
    return this.message.structAt(this.#pointer(slot), dataWords, pointers);
  }

  texts(slot: number, values: readonly string[]): void {
    if (values.length === 0) return;
    this.message.listPointer(this.#pointer(slot), ELEMENT_POINTER, values.length);
    const at = this.message.reserve(values.length);
    values.forEach((value, index) => {
      writeText(this.message, at + index * WORD, value);
    });
  }

  /** Reserves a list of structs and returns a builder for each, in order. */
  structs(slot: number, dataWords: number, pointers: number, count: number): readonly StructBuilder[] {
    if (count === 0) return [];
    const size = dataWords + pointers;
    this.message.listPointer(this.#pointer(slot), ELEMENT_COMPOSITE, count * size);
    const tag = this.message.reserve(1 + count * size);
    this.message.view.setUint32(tag, (count << 2) >>> 0, true);
    this.message.view.setUint16(tag + 4, dataWords, true);
    this.message.view.setUint16(tag + 6, pointers, true);
    return Array.from({ length: count }, (_, index) => {
      return new StructBuilder(this.message, tag + (1 + index * size) * WORD, dataWords);
    });
  }

  #pointer(slot: number): number {
    return this.#pointersAt + slot * WORD;
  }
}

/** Text with its NUL. Lone surrogates become U+FFFD, as the encoder of the platform does. */
function writeText(message: MessageBuilder, pointerAt: number, value: string): void {
  if (value === "") return;
  const bytes = utf8.encode(value);
  message.listPointer(pointerAt, ELEMENT_BYTE, bytes.byteLength + 1);
  message.put(message.reserve(wordsOf(bytes.byteLength + 1)), bytes);
}

function wordsOf(bytes: number): number {
  return Math.ceil(bytes / WORD);
}
