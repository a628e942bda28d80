/**
 * Making, keeping and finding the vault key: in the OS keychain, or wrapped under a passphrase
 * (docs/formats/vault.md sections "Key" and "Rotation"). Three failures are told apart and none writes
 * anything:
 * `vault_damaged`, `wrong_passphrase`, `vault_key_missing`.
 */
import { scrypt } from "node:crypto";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes, type SecretString } from "#contracts/secret.ts";
import type { Random } from "#runtime/random.ts";
import { KEY_BYTES, same, seal, unseal, withDerived } from "./cipher.ts";
import { join, tag, u32 } from "./encoding.ts";
import {
  HEADER_SALT_BYTES,
  type Header,
  LOG2_N_MIN,
  headerPrefix,
  keyAccount,
  scryptParameters,
  wrapAad,
} from "./header.ts";
import type { Keychain } from "./keychain.ts";

/** Where a new key is kept. */
export type KeyHome =
  | { readonly kind: "keychain"; readonly keychain: Keychain }
  /** The passphrase stays the caller's. `log2N` from 17 (default: 0.3 s, 128 MiB) to 20. */
  | { readonly kind: "passphrase"; readonly passphrase: SecretString; readonly log2N?: number };

/** What a vault may be opened with; which of the two is needed stands in its header. */
export interface KeySources {
  readonly keychain: Keychain;
  /**
   * Called once when the header says passphrase; `undefined`: there is none to be had. The vault disposes
   * it.
   */
  readonly passphrase: () => Promise<SecretString | undefined>;
}

export interface MintedKey {
  readonly header: Header;
  readonly key: SecretBytes;
}

export const PASSPHRASE_BYTES_MIN = 8;
const PASSPHRASE_BYTES_MAX = 1_024;

/**
 * Makes a key for `generation` and puts it where `home` says; with a keychain it is stored and read back
 * before this returns. The key is the caller's to dispose.
 */
export async function mintKey(
  random: Random,
  id: Uint8Array,
  generation: number,
  home: KeyHome,
): Promise<Result<MintedKey, Fault>> {
  const salt = random.bytes(HEADER_SALT_BYTES);
  const key = SecretBytes.take(random.bytes(KEY_BYTES));
  const header =
    home.kind === "keychain"
      ? await keepInKeychain(home.keychain, key, id, generation, salt)
      : await wrapUnderPassphrase(
          random,
          key,
          id,
          generation,
          salt,
          home.passphrase,
          home.log2N ?? LOG2_N_MIN,
        );
  if (header.ok) return ok({ header: header.value, key });
  key[Symbol.dispose]();
  return header;
}

/** Finds the key of an existing vault. */
export async function findKey(header: Header, sources: KeySources): Promise<Result<SecretBytes, Fault>> {
  const { holder } = header;
  if (holder.kind === "keychain")
    return await fetchFromKeychain(header, holder.confirmation, sources.keychain);
  const passphrase = await sources.passphrase();
  if (passphrase === undefined) {
    return fail("auth", "the vault's passphrase is needed", {
      reason: "passphrase_needed",
      hint: "set WIRKEN_VAULT_PASSPHRASE, or give it on a descriptor with --passphrase-fd",
    });
  }
  const prefix = headerPrefix(header.id, header.generation, "passphrase", holder.log2N, header.salt);
  const wrapping = await stretch(passphrase, header.salt, holder.log2N);
  passphrase[Symbol.dispose]();
  const key = unseal(wrapping, holder.wrapped, wrapAad(prefix));
  wrapping.fill(0);
  if (key === undefined) {
    return fail("auth", "the passphrase does not open the vault", {
      reason: "wrong_passphrase",
      hint: "try again; nothing was changed",
    });
  }
  return ok(SecretBytes.take(key));
}

async function keepInKeychain(
  keychain: Keychain,
  key: SecretBytes,
  id: Uint8Array,
  generation: number,
  salt: Uint8Array,
): Promise<Result<Header, Fault>> {
  const account = keyAccount(id, generation);
  const stored = await keychain.set(account, key);
  if (!stored.ok) return stored;
  const back = await keychain.get(account);
  if (!back.ok) return back;
  const kept = back.value?.equals(key) ?? false;
  back.value?.[Symbol.dispose]();
  if (!kept) return fail("unavailable", "the keychain did not keep the key", { reason: "keychain_failed" });
  return ok({
    id,
    generation,
    salt,
    holder: { kind: "keychain", confirmation: confirm(key, id, generation, salt) },
  });
}

async function fetchFromKeychain(
  header: Header,
  confirmation: Uint8Array,
  keychain: Keychain,
): Promise<Result<SecretBytes, Fault>> {
  const found = await keychain.get(keyAccount(header.id, header.generation));
  if (!found.ok) return found;
  const key = found.value;
  if (key === undefined) return keyMissing("the keychain does not hold the vault's key");
  if (same(confirm(key, header.id, header.generation, header.salt), confirmation)) return ok(key);
  key[Symbol.dispose]();
  return keyMissing("the keychain holds another key than the vault's");
}

async function wrapUnderPassphrase(
  random: Random,
  key: SecretBytes,
  id: Uint8Array,
  generation: number,
  salt: Uint8Array,
  passphrase: SecretString,
  log2N: number,
): Promise<Result<Header, Fault>> {
  if (passphrase.length < PASSPHRASE_BYTES_MIN || passphrase.length > PASSPHRASE_BYTES_MAX) {
    return fail("usage", `a passphrase has ${PASSPHRASE_BYTES_MIN} to ${PASSPHRASE_BYTES_MAX} bytes`, {
      reason: "passphrase_length",
    });
  }
  const wrapping = await stretch(passphrase, salt, log2N);
  const prefix = headerPrefix(id, generation, "passphrase", log2N, salt);
  const wrapped = key.use((bytes) => seal(random, wrapping, bytes, wrapAad(prefix)));
  wrapping.fill(0);
  return ok({ id, generation, salt, holder: { kind: "passphrase", log2N, wrapped } });
}

/** scrypt over the passphrase's UTF-8, off the main thread. Its input is a copy that is zeroed. */
async function stretch(passphrase: SecretString, salt: Uint8Array, log2N: number): Promise<Uint8Array> {
  const input = passphrase.useBytes((bytes) => bytes.slice());
  const output = Promise.withResolvers<Uint8Array>();
  scrypt(input, salt, KEY_BYTES, scryptParameters(log2N), (error, derived) => {
    // Bun calls back with undefined, Node with null, where there is no error.
    if (error instanceof Error) output.reject(error);
    else output.resolve(derived);
  });
  return await output.promise.finally(() => input.fill(0));
}

/** Tells a key from any other without telling anything about it. */
function confirm(key: SecretBytes, id: Uint8Array, generation: number, salt: Uint8Array): Uint8Array {
  const info = join(tag("wirken/vault/confirm/v1"), id, u32(generation));
  return key.use((bytes) => withDerived(bytes, salt, info, (derived) => derived.slice()));
}

function keyMissing(message: string): Result<never, Fault> {
  return fail("unavailable", message, {
    reason: "vault_key_missing",
    hint: "unlock the keyring that was used when the vault was made; the vault was not changed",
  });
}
