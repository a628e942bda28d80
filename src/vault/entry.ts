/**
 * One entry of the vault: what names it, the key it is sealed under, and what its seal binds
 * (docs/formats/vault.md section "Entry"). Nothing of a row can be changed without the seal failing.
 */
import { jcs } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Random } from "#runtime/random.ts";
import { seal, unseal, withDerived } from "./cipher.ts";
import { i64, join, lp, tag, u32 } from "./encoding.ts";

export const ENTRY_SALT_BYTES = 16;
/** A hand-off carries at most 64 KiB together; one value leaves room for others. */
export const VALUE_BYTES_MAX = 32_768;
export const ORIGINS_MAX = 32;

const INSTANCE = "[a-z]{2,16}(:[a-z0-9][a-z0-9-]{0,31})?";
const SCOPE = new RegExp(
  `^(provider|tool|siem|sign|gateway|console|channel/${INSTANCE}|mcp(/[a-z0-9][a-z0-9-]{0,31})?)$`,
);
const NAME = /^[a-z][a-z0-9._:-]{0,63}$/;
const KIND = /^[a-z][a-z0-9_]{0,31}$/;

/** What a row says about an entry, without its value. */
export interface EntryInfo {
  readonly scope: string;
  readonly name: string;
  /** `token`, `api_key`, `seed`, `state_key` …: a word for people and programs, bound by the seal. */
  readonly kind: string;
  /** 1, 2, 3 …: grows with each new value. */
  readonly version: number;
  /** Unix milliseconds. */
  readonly createdMs: number;
  /** Unix milliseconds; 0: never. */
  readonly expiresMs: number;
  /** Origins the value may be sent to; empty: its user's own. */
  readonly origins: readonly string[];
}

export interface EntryRow extends EntryInfo {
  readonly salt: Uint8Array;
  readonly blob: Uint8Array;
}

/** Checks the words that name an entry. */
export function checkWords(
  scope: string,
  name: string,
  kind: string,
): Result<void, "scope" | "name" | "kind"> {
  if (!SCOPE.test(scope)) return err("scope");
  if (!NAME.test(name)) return err("name");
  return KIND.test(kind) ? ok(undefined) : err("kind");
}

/** True for `https://host[:port]` or `http://host[:port]` in its canonical spelling. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\//.test(text) && new URL(text).origin === text;
}

/** Seals `value` under `salt`, which must be fresh. */
export function sealEntry(
  random: Random,
  vaultKey: Uint8Array,
  vaultId: Uint8Array,
  info: EntryInfo,
  value: Uint8Array,
  salt: Uint8Array = random.bytes(ENTRY_SALT_BYTES),
): EntryRow {
  const blob = withDerived(vaultKey, salt, keyInfo(vaultId, info), (key) =>
    seal(random, key, value, aadOf(vaultId, info)),
  );
  return { ...info, salt, blob };
}

/** The value, to be zeroed by the caller; `undefined` when the row is not what was sealed. */
export function openEntry(vaultKey: Uint8Array, vaultId: Uint8Array, row: EntryRow): Uint8Array | undefined {
  return withDerived(vaultKey, row.salt, keyInfo(vaultId, row), (key) =>
    unseal(key, row.blob, aadOf(vaultId, row)),
  );
}

/**
 * State key of a scope at its first use; later generations of the vault key keep it (see the format's
 * page).
 */
export function deriveStateKey(vaultKey: Uint8Array, salt: Uint8Array, scope: string): Uint8Array {
  return withDerived(vaultKey, salt, join(tag("wirken/vault/state/v1"), lp(scope)), (key) => key.slice());
}

function keyInfo(vaultId: Uint8Array, info: EntryInfo): Uint8Array {
  return join(tag("wirken/vault/entry/v1"), vaultId, lp(info.scope), lp(info.name));
}

function aadOf(vaultId: Uint8Array, info: EntryInfo): Uint8Array {
  return join(
    tag("wirken/vault/aad/v1"),
    vaultId,
    lp(info.scope),
    lp(info.name),
    lp(info.kind),
    u32(info.version),
    i64(info.createdMs),
    i64(info.expiresMs),
    lp(jcs(info.origins)),
  );
}
