/**
 * The forms in which a secret can stand in a text: as it is, reversed, as hex, base64 at each alignment, URL-encoded,
 * JSON-escaped, UTF-16. Each is a row of code units of its own, made without a string, so that it can be zeroed.
 */
import type { SecretString } from "./secret.ts";

/** Code units of a form. A form of bytes has one unit a byte, so it is found in a byte stream read as Latin-1 too. */
export type Form = Uint16Array<ArrayBuffer>;

const unitsOf = (text: string): Form => Uint16Array.from(text, (char) => char.charCodeAt(0));
const BASE64 = unitsOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const BASE64_URL = unitsOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const LOWER = unitsOf("0123456789abcdef");
const UPPER = unitsOf("0123456789ABCDEF");
const PERCENT = 0x25;
const BACKSLASH = 0x5c;

/** What URL-encoding leaves as it is, at its strictest first: RFC 3986, then forms, then `encodeURIComponent`. */
const PLAIN_IN_URL = [
  /^$/,
  /[A-Za-z0-9]/,
  /[A-Za-z0-9_.~-]/,
  /[A-Za-z0-9_.*-]/,
  /[A-Za-z0-9_.!~*'()-]/,
] as const;

/** The distinct forms of `secret`. Who keeps them zeroes them. */
export function formsOf(secret: SecretString): readonly Form[] {
  const text = secret.use((whole) =>
    Uint16Array.from({ length: whole.length }, (_, i) => whole.charCodeAt(i)),
  );
  const json = [/["\\]/, /["\\/]/].map((marks) =>
    spread(text, (unit) => (marks.test(String.fromCharCode(unit)) ? [BACKSLASH, unit] : [unit])),
  );
  const ofText = [text, text.toReversed(), ...json];
  return secret.useBytes((bytes) => distinct([...ofText, ...formsOfBytes(bytes)]));
}

function formsOfBytes(bytes: Uint8Array): readonly Form[] {
  const plain = Uint16Array.from(bytes);
  const hex = [LOWER, UPPER].map((digits) => spread(bytes, (byte) => hexOf(byte, digits)));
  const url = PLAIN_IN_URL.flatMap((kept) =>
    [LOWER, UPPER].map((digits) =>
      spread(bytes, (byte) =>
        kept.test(String.fromCharCode(byte)) ? [byte] : [PERCENT, ...hexOf(byte, digits)],
      ),
    ),
  );
  const base64 = [0, 1, 2].flatMap((shift) =>
    [BASE64, BASE64_URL].map((digits) => base64Of(bytes, shift, digits)),
  );
  // Both byte orders: between two bytes of a Latin-1 text stands a zero, whichever comes first.
  const wide = spread(bytes, (byte, i) => (i === 0 ? [byte] : [0, byte]));
  return [plain, plain.toReversed(), ...hex, ...url, ...base64, wide];
}

/** Each unit as what `write` makes of it. */
function spread(source: Form | Uint8Array, write: (unit: number, i: number) => readonly number[]): Form {
  const units: number[] = [];
  source.forEach((unit, i) => {
    units.push(...write(unit, i));
  });
  const form = Uint16Array.from(units);
  units.fill(0);
  return form;
}

function hexOf(byte: number, digits: Form): readonly number[] {
  return [digits[byte >> 4] ?? 0, digits[byte & 15] ?? 0];
}

/** The base64 digits that depend on the secret alone when `shift` bytes modulo three stand before it. */
function base64Of(bytes: Uint8Array, shift: number, digits: Form): Form {
  const bitAt = (bit: number): number => {
    const at = bit - shift * 8;
    return ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
  };
  const first = Math.ceil((shift * 8) / 6);
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return Uint16Array.from({ length: Math.max(0, end - first) }, (_, i) => {
    let value = 0;
    for (let bit = 0; bit < 6; bit++) value = (value << 1) | bitAt((first + i) * 6 + bit);
    return digits[value] ?? 0;
  });
}

function distinct(forms: readonly Form[]): readonly Form[] {
  const kept: Form[] = [];
  for (const form of forms) {
    const isNew = !kept.some((one) => one.length === form.length && one.every((unit, i) => unit === form[i]));
    if (isNew && form.length > 0) kept.push(form);
    else form.fill(0);
  }
  return kept;
}
