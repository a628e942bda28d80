/**
 * Bytes of the vault's formats (docs/formats/vault.md): big-endian numbers, length-prefixed parts, domain
 * tags.
 */

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Joins parts into one array of its own. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(new ArrayBuffer(parts.reduce((sum, part) => sum + part.byteLength, 0)));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return UTF8.encode(text);
}

/** A domain tag: ASCII and one zero byte. */
export function tag(text: string): Uint8Array<ArrayBuffer> {
  return utf8(`${text}\0`);
}

/** u32 length and the bytes; a text stands for its UTF-8. */
export function lp(part: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const bytes = typeof part === "string" ? utf8(part) : part;
  return join(u32(bytes.byteLength), bytes);
}

export function u32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(4));
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function i64(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(8));
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Reads parts off the front. A read past the end gives `undefined`, and so does every read after it. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array | undefined {
    if (this.#broken || count > this.#bytes.byteLength - this.#at) {
      this.#broken = true;
      return undefined;
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  u8(): number | undefined {
    return this.take(1)?.[0];
  }

  u32(): number | undefined {
    const bytes = this.take(4);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  /** A length-prefixed part of at most `bytesMax`. */
  lp(bytesMax: number): Uint8Array | undefined {
    const length = this.u32();
    if (length === undefined || length > bytesMax) {
      this.#broken = true;
      return undefined;
    }
    return this.take(length);
  }

  /** A length-prefixed UTF-8 text. */
  text(bytesMax: number): string | undefined {
    const bytes = this.lp(bytesMax);
    if (bytes === undefined) return undefined;
    try {
      return STRICT_UTF8.decode(bytes);
    } catch {
      this.#broken = true;
      return undefined;
    }
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#at;
  }

  /** True when every read succeeded and nothing is left. */
  get finished(): boolean {
    return !this.#broken && this.#at === this.#bytes.byteLength;
  }
}
