/**
 * Byte strings of the formats: hex, base64, big-endian numbers and length-prefixed fields
 * (docs/formats/audit.md).
 */

const HEX = /^(?:[0-9a-f]{2})*$/;
const UTF8 = new TextEncoder();

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Parses lower-case hex of exactly `count` bytes; `undefined` for anything else. */
export function fromHex(text: unknown, count: number): Uint8Array | undefined {
  if (typeof text !== "string" || text.length !== count * 2 || !HEX.test(text)) return undefined;
  return Uint8Array.fromHex(text);
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** Parses standard base64 that is the canonical encoding of its bytes; `undefined` for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  // Re-encoding refuses stray bits behind the last byte: one byte string has one text.
  return toBase64(bytes) === text ? bytes : undefined;
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return UTF8.encode(text);
}

/** True for equal byte strings. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A tag of the formats: its ASCII bytes and one zero byte. */
export function tag(name: string): Uint8Array {
  return utf8(`${name}\0`);
}

/** `lp(x)`: u32 length and the bytes. */
export function lp(bytes: Uint8Array): Uint8Array {
  return concat(u32(bytes.length), bytes);
}

/** Unsigned 32-bit number, big-endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/**
 * A safe integer as 8 bytes, big-endian; negative numbers in two's complement, so it serves for u64 and i64.
 * @throws RangeError for anything but a safe integer.
 */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeInt64(new DataView(bytes.buffer), 0, value);
  return bytes;
}

/** Writes a safe integer as 8 bytes, big-endian, two's complement, without a BigInt. */
export function writeInt64(view: DataView, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError("a 64-bit field needs a safe integer");
  view.setUint32(at, Math.floor(value / 2 ** 32)); // setUint32 takes the value modulo 2^32: the sign extends
  view.setUint32(at + 4, value); // and so does the low half
}
