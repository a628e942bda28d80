/**
 * Ed25519 keys of a connection, over node:crypto (RFC 8032 §5.1.7 without cofactor). A public key is checked once, when
 * it is parsed: canonical encoding and not of small order, since node:crypto itself accepts such keys.
 */
import { type KeyObject, createPrivateKey, createPublicKey, hash, sign, verify } from "node:crypto";
import { type Result, err, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { Random } from "#runtime/random.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** DER before the raw key: PKCS #8 and SubjectPublicKeyInfo of RFC 8410. */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");
/** y of the points of order 1, 2, 4 and 8, little-endian hex without the sign bit. */
const SMALL_ORDER_Y: readonly string[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];
const MINT = Symbol("ipc key");

export type KeyFault = "key_length" | "key_not_canonical" | "key_small_order";

/** A checked public key. */
export class PublicKey {
  readonly #key: KeyObject;
  readonly #bytes: Uint8Array;

  constructor(mint: typeof MINT, bytes: Uint8Array) {
    if (mint !== MINT) throw new TypeError("PublicKey is sealed: use PublicKey.parse");
    this.#bytes = bytes.slice();
    this.#key = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, bytes]),
      format: "der",
      type: "spki",
    });
    Object.freeze(this);
  }

  /** Parses 32 bytes, or 64 hex digits in lower case. */
  static parse(source: Uint8Array | string): Result<PublicKey, KeyFault> {
    if (typeof source === "string") {
      return /^[0-9a-f]{64}$/.test(source) ? PublicKey.parse(Uint8Array.fromHex(source)) : err("key_length");
    }
    if (source.byteLength !== KEY_BYTES) return err("key_length");
    const y = source.slice();
    y[31] = (y[31] ?? 0) & 0x7f; // the top bit is the sign of x
    if (!isBelowPrime(y)) return err("key_not_canonical");
    return SMALL_ORDER_Y.includes(y.toHex()) ? err("key_small_order") : ok(new PublicKey(MINT, source));
  }

  /** The 32 raw bytes, as a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }
  get hex(): string {
    return this.#bytes.toHex();
  }

  /** True when `signature` (64 bytes) is this key's over `message`. */
  verify(message: Uint8Array, signature: Uint8Array): boolean {
    return signature.byteLength === SIGNATURE_BYTES && verify(null, message, this.#key, signature);
  }

  equals(other: PublicKey): boolean {
    return Buffer.compare(this.#bytes, other.#bytes) === 0;
  }
}

/** A signing key. The seed goes into the engine's key object and is not kept beside it. */
export class SigningKey {
  readonly #key: KeyObject;
  readonly publicKey: PublicKey;

  constructor(mint: typeof MINT, key: KeyObject, publicKey: PublicKey) {
    if (mint !== MINT) throw new TypeError("SigningKey is sealed: use SigningKey.fromSeed");
    this.#key = key;
    this.publicKey = publicKey;
    Object.freeze(this);
  }

  /** The key of a 32-byte seed. The caller keeps (and disposes of) the seed. */
  static fromSeed(seed: SecretBytes): Result<SigningKey, KeyFault> {
    if (seed.length !== KEY_BYTES) return err("key_length");
    const key = seed.use((bytes) => {
      const der = Buffer.concat([PKCS8_PREFIX, bytes]);
      try {
        return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
      } finally {
        der.fill(0);
      }
    });
    const spki = createPublicKey(key).export({ format: "der", type: "spki" });
    const publicKey = PublicKey.parse(new Uint8Array(spki.subarray(SPKI_PREFIX.byteLength)));
    return publicKey.ok ? ok(new SigningKey(MINT, key, publicKey.value)) : publicKey;
  }

  /** The 64-byte signature over `message`. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key));
  }
}

/** A new seed and its key. Dispose of the seed once it was handed on. */
export function newSeed(random: Random): SecretBytes {
  return SecretBytes.take(random.bytes(KEY_BYTES));
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}

/** y < p = 2^255 − 19, little-endian. */
function isBelowPrime(y: Uint8Array): boolean {
  if (y[31] !== 0x7f) return true;
  for (let index = 30; index > 0; index -= 1) if (y[index] !== 0xff) return true;
  return (y[0] ?? 0) < 0xed;
}
