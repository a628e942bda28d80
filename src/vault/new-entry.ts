/** What a caller may put into the vault, checked before anything is sealed. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { type EntryInfo, ORIGINS_MAX, VALUE_BYTES_MAX, checkWords, isOrigin } from "./entry.ts";
import { badWord } from "./faults.ts";

/** The reserved name under which a scope's state key lies. */
export const STATE_KEY = "state-key";

export interface NewEntry {
  readonly scope: string;
  readonly name: string;
  readonly kind: string;
  /** Stays the caller's. */
  readonly value: SecretBytes;
  /** Unix milliseconds; 0 or absent: never. */
  readonly expiresMs?: number;
  readonly origins?: readonly string[];
}

/** Fails with `usage` or `limit` for what no vault would hold. */
export function checkNew(entry: NewEntry): Result<void, Fault> {
  const words = checkWords(entry.scope, entry.name, entry.kind);
  if (!words.ok) return badWord(words.error);
  if (entry.name === STATE_KEY) return badWord("name");
  if (entry.value.length === 0 || entry.value.length > VALUE_BYTES_MAX) {
    return fail("limit", `a value has 1 to ${VALUE_BYTES_MAX} bytes`, { reason: "value_length" });
  }
  const expires = entry.expiresMs ?? 0;
  if (!Number.isSafeInteger(expires) || expires < 0) return fail("usage", "the time of expiry is not a time");
  const origins = entry.origins ?? [];
  if (origins.length > ORIGINS_MAX || !origins.every(isOrigin)) {
    return fail("usage", "an origin is not of the form https://host", { reason: "origin" });
  }
  return ok(undefined);
}

/** What the row of a first version says. */
export function freshInfo(scope: string, name: string, kind: string, createdMs: number): EntryInfo {
  return { scope, name, kind, version: 1, createdMs, expiresMs: 0, origins: [] };
}
