/**
 * XChaCha20-Poly1305, HKDF-SHA-256 and HMAC-SHA-256 as the vault uses them (docs/formats/vault.md).
 * Nonces are 24 random bytes, so they never need a counter. Keys derived here live for one call and are
 * zeroed; noble keeps up to two copies of a key in its own buffers (SECURITY.md), which is why the vault is
 * opened in the keeper and the operator's CLI alone.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { Random } from "#runtime/random.ts";
import { join } from "./encoding.ts";

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/** nonce(24) ‖ ciphertext ‖ tag(16) under `key`. */
export function seal(
  random: Random,
  key: Uint8Array,
  plain: Uint8Array,
  aad: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const nonce = random.bytes(NONCE_BYTES);
  const sealed = ownBuffer(plain.byteLength + TAG_BYTES);
  return join(nonce, xchacha20poly1305(key, nonce, aad).encrypt(plain, sealed));
}

/** The plain bytes, to be zeroed by the caller; `undefined` when key, nonce, ciphertext or `aad` differ. */
export function unseal(key: Uint8Array, blob: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
  if (blob.byteLength < NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    const plain = ownBuffer(blob.byteLength - NONCE_BYTES - TAG_BYTES);
    return xchacha20poly1305(key, blob.subarray(0, NONCE_BYTES), aad).decrypt(
      blob.subarray(NONCE_BYTES),
      plain,
    );
  } catch {
    return undefined;
  }
}

/**
 * Room with an ArrayBuffer of its own from the start: the engine moves the bytes of a small array out when
 * somebody asks for its buffer, as noble does, and leaves the first copy behind, where nobody can zero it.
 */
function ownBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(bytes));
}

/** HKDF-SHA-256 to 32 bytes, lent to `fn` and zeroed after it. */
export function withDerived<T>(
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  fn: (derived: Uint8Array) => T,
): T {
  const derived = new Uint8Array(hkdfSync("sha256", key, salt, info, KEY_BYTES));
  try {
    return fn(derived);
  } finally {
    derived.fill(0);
  }
}

export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}

/** Compares in constant time for equal lengths. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
