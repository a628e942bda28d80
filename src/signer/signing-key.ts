/** Ed25519 signing keys through node:crypto. The seed stays in its `SecretBytes`; a key object is made for each use. */
import { type KeyObject, createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { SecretBytes } from "#contracts/secret.ts";
import { type Crypto, strictCrypto } from "#chain/crypto.ts";

/** DER before the 32 bytes of an Ed25519 seed (RFC 8410 PKCS #8) and of a public key (SPKI). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** A signing key over a 32-byte seed. @throws RangeError for another length. */
export function signingKey(seed: SecretBytes): SigningKey {
  if (seed.length !== 32) throw new RangeError("an Ed25519 seed has 32 bytes");
  const withKey = <T>(fn: (key: KeyObject) => T): T =>
    seed.use((bytes) => {
      const der = Buffer.concat([PKCS8_PREFIX, bytes]);
      try {
        return fn(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
      } finally {
        der.fill(0);
      }
    });
  const publicKey = withKey((key) => {
    const spki = createPublicKey(key).export({ format: "der", type: "spki" });
    return Uint8Array.from(spki.subarray(SPKI_PREFIX.length));
  });
  return { publicKey, sign: (message) => withKey((key) => Uint8Array.from(sign(null, message, key))) };
}

/** The record's primitives in the signer's process. */
export function signerCrypto(): Crypto {
  return strictCrypto({
    sha256: (data, out) => {
      const digest = createHash("sha256").update(data).digest();
      if (out === undefined) return Uint8Array.from(digest);
      out.set(digest);
      return out;
    },
    verifyEd25519: (key, message, signature) => {
      const spki = Buffer.concat([SPKI_PREFIX, key]);
      return verify(null, message, createPublicKey({ key: spki, format: "der", type: "spki" }), signature);
    },
  });
}
