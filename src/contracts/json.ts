/** JSON as a type, and RFC 8785 (JCS) for the values this program hashes: no floats, so numbers are plain integers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * Canonical JSON (RFC 8785) of an I-JSON value whose numbers are integers within ±(2^53 − 1).
 * @throws TypeError on another number or a lone surrogate: such a value must be repaired before it is hashed.
 */
export function jcs(value: Json): string {
  return print(value, strictScalar);
}

/**
 * The same for any JSON that was parsed from text, as an outsider wrote it: numbers as ECMAScript prints them (RFC 8785
 * §3.2.2.3), lone surrogates by their escape. Recurses: the caller bounds the nesting (`nestingOf`).
 */
export function canonicalJson(value: Json): string {
  return print(value, (scalar) => JSON.stringify(scalar));
}

/** How deep objects and arrays are nested in JSON text; what stands in strings does not count. Never recurses. */
export function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) deepest = Math.max(deepest, ++depth);
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--;
  }
  return deepest;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

type Scalar = null | boolean | number | string;

function strictScalar(value: Scalar): string {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError("jcs: number is not a safe integer");
    return Object.is(value, -0) ? "0" : String(value);
  }
  if (typeof value === "string" && !value.isWellFormed()) throw new TypeError("jcs: lone surrogate");
  return JSON.stringify(value);
}

function print(value: Json, scalar: (value: Scalar) => string): string {
  if (value === null || typeof value !== "object") return scalar(value);
  if (isJsonArray(value)) return `[${value.map((item) => print(item, scalar)).join(",")}]`;
  const keys = Object.keys(value).sort(); // default sort compares UTF-16 code units, as RFC 8785 §3.2.3 asks
  const parts: string[] = [];
  for (const key of keys) {
    const member = value[key];
    if (member !== undefined) parts.push(`${scalar(key)}:${print(member, scalar)}`);
  }
  return `{${parts.join(",")}}`;
}

/** Narrowing of `Array.isArray` that keeps readonly arrays. */
export function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** True for a JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member's text; empty when it is missing or no text. */
export function textMember(value: { readonly [key: string]: unknown }, name: string): string {
  const member = value[name];
  return typeof member === "string" ? member : "";
}
