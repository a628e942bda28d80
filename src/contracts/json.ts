/** JSON as a type, and RFC 8785 (JCS) for the values this program hashes: no floats, so numbers are plain integers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * Canonical JSON (RFC 8785) of an I-JSON value whose numbers are integers within ±(2^53 − 1).
 * @throws TypeError on another number or a lone surrogate: such a value must be repaired before it is hashed.
 */
export function jcs(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError("jcs: number is not a safe integer");
    return Object.is(value, -0) ? "0" : String(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("jcs: lone surrogate");
    return JSON.stringify(value);
  }
  if (isJsonArray(value)) return `[${value.map(jcs).join(",")}]`;
  const keys = Object.keys(value).sort(); // default sort compares UTF-16 code units, as RFC 8785 §3.2.3 asks
  const parts: string[] = [];
  for (const key of keys) {
    const member = value[key];
    if (member !== undefined) parts.push(`${jcs(key)}:${jcs(member)}`);
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
