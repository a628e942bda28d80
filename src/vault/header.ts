/**
 * The vault's header: which vault this is, which generation of its key, and how the key is kept
 * (docs/formats/vault.md section "Header"). A strict parser and a printer that agree byte for byte.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, same, sha256 } from "./cipher.ts";
import { ByteReader, hex, join, lp, tag, u32 } from "./encoding.ts";

export const ID_BYTES = 16;
export const HEADER_SALT_BYTES = 32;
const CHECK_BYTES = 32;
const CONFIRMATION_BYTES = 32;
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
export const LOG2_N_MIN = 17;
export const LOG2_N_MAX = 20;
const SCRYPT_R = 8;
const SCRYPT_P = 1;

/** The key lies in the OS keychain; `confirmation` tells whether a key found there is this vault's. */
interface KeychainHolder {
  readonly kind: "keychain";
  readonly confirmation: Uint8Array;
}
/** The key is wrapped under scrypt(passphrase; N = 2^log2N, r = 8, p = 1). */
interface PassphraseHolder {
  readonly kind: "passphrase";
  readonly log2N: number;
  readonly wrapped: Uint8Array;
}
export type Holder = KeychainHolder | PassphraseHolder;

export interface Header {
  readonly id: Uint8Array;
  /** 1, 2, 3 …: grows with each rotation of the vault key. */
  readonly generation: number;
  readonly salt: Uint8Array;
  readonly holder: Holder;
}

/** scrypt's parameters for a header. */
export function scryptParameters(log2N: number): { N: number; r: number; p: number; maxmem: number } {
  const N = 2 ** log2N;
  // OpenSSL counts 128·r·(N + p + 2) bytes against maxmem.
  return { N, r: SCRYPT_R, p: SCRYPT_P, maxmem: 128 * SCRYPT_R * (N + SCRYPT_P + 2) + 1_048_576 };
}

/** All header fields before the wrapped key. */
export function headerPrefix(
  id: Uint8Array,
  generation: number,
  kind: Holder["kind"],
  log2N: number,
  salt: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const wrapped = kind === "passphrase";
  return join(
    id,
    u32(generation),
    Uint8Array.of(wrapped ? 1 : 0, wrapped ? log2N : 0),
    u32(wrapped ? SCRYPT_R : 0),
    u32(wrapped ? SCRYPT_P : 0),
    salt,
  );
}

/** AAD of the wrapped key. */
export function wrapAad(prefix: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(tag("wirken/vault/wrap/v1"), prefix);
}

/** The header as it is stored: prefix ‖ lp(wrapped key or confirmation) ‖ check = H(all before). */
export function printHeader(header: Header): Uint8Array<ArrayBuffer> {
  const { holder } = header;
  const log2N = holder.kind === "passphrase" ? holder.log2N : 0;
  const prefix = headerPrefix(header.id, header.generation, holder.kind, log2N, header.salt);
  const body = join(prefix, lp(holder.kind === "passphrase" ? holder.wrapped : holder.confirmation));
  return join(body, sha256(body));
}

/** Parses a stored header. `damaged`: the check fails, or a field is outside what any version wrote. */
export function parseHeader(bytes: Uint8Array): Result<Header, "damaged"> {
  const reader = new ByteReader(bytes);
  const id = reader.take(ID_BYTES);
  const generation = reader.u32();
  const kdf = reader.u8();
  const log2N = reader.u8();
  const r = reader.u32();
  const p = reader.u32();
  const salt = reader.take(HEADER_SALT_BYTES);
  const wrapped = reader.lp(WRAPPED_BYTES);
  const before = reader.position;
  const check = reader.take(CHECK_BYTES);
  if (!reader.finished || id === undefined || generation === undefined || log2N === undefined)
    return err("damaged");
  if (salt === undefined || wrapped === undefined || check === undefined) return err("damaged");
  if (!same(check, sha256(bytes.subarray(0, before))) || generation === 0) return err("damaged");
  const holder = parseHolder(kdf, log2N, r, p, wrapped);
  if (holder === undefined) return err("damaged");
  return ok({ id: id.slice(), generation, salt: salt.slice(), holder });
}

function parseHolder(
  kdf: number | undefined,
  log2N: number,
  r: number | undefined,
  p: number | undefined,
  wrapped: Uint8Array,
): Holder | undefined {
  if (kdf === 0) {
    if (log2N !== 0 || r !== 0 || p !== 0 || wrapped.byteLength !== CONFIRMATION_BYTES) return undefined;
    return { kind: "keychain", confirmation: wrapped.slice() };
  }
  if (kdf !== 1 || r !== SCRYPT_R || p !== SCRYPT_P) return undefined;
  if (log2N < LOG2_N_MIN || log2N > LOG2_N_MAX || wrapped.byteLength !== WRAPPED_BYTES) return undefined;
  return { kind: "passphrase", log2N, wrapped: wrapped.slice() };
}

/** The keychain's account of a vault key (service `wirken`). */
export function keyAccount(id: Uint8Array, generation: number): string {
  return `vault-key/${hex(id)}/${generation}`;
}
