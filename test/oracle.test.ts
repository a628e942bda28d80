/** The runtime's own cryptography against the audited noble packages: both must say the same (docs/DEPENDENCIES.md). */
import { describe, expect, test } from "bun:test";
import { createHash, hkdfSync } from "node:crypto";
import * as ed from "@noble/ed25519";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { auditCrypto } from "#audit/node-crypto.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { SigningKey } from "#ipc/keys.ts";

ed.hashes.sha512 = sha512;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("noble and the runtime agree", () => {
  test("on SHA-256", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(
          createHash("sha256")
            .update(data)
            .digest()
            .equals(Buffer.from(sha256(data))),
        ).toBe(true);
      }),
    );
  });

  test("on HKDF-SHA-256", () => {
    fc.assert(
      fc.property(bytes(32), bytes(16), fc.uint8Array({ maxLength: 80 }), (key, salt, info) => {
        const ours = Buffer.from(hkdfSync("sha256", key, salt, info, 32));
        expect(ours.equals(Buffer.from(hkdf(sha256, key, salt, info, 32)))).toBe(true);
      }),
    );
  });

  test("on Ed25519 keys and signatures, byte for byte, and each takes the other's", () => {
    const crypto = auditCrypto();
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), (seed, message) => {
        const made = SigningKey.fromSeed(SecretBytes.take(seed.slice()));
        if (!made.ok) throw new Error("a seed of 32 bytes makes a key");
        const key = made.value.publicKey.bytes;
        const signature = made.value.sign(message);
        expect(Buffer.from(key).equals(Buffer.from(ed.getPublicKey(seed)))).toBe(true);
        expect(Buffer.from(signature).equals(Buffer.from(ed.sign(message, seed)))).toBe(true);
        expect(ed.verify(signature, message, key, { zip215: false })).toBe(true);
        expect(crypto.verify(key, message, ed.sign(message, seed))).toBe(true);
        const changed = message.slice();
        if (changed.length > 0) changed[0] = (changed[0] ?? 0) ^ 1;
        expect(crypto.verify(key, changed, signature)).toBe(changed.length === 0);
      }),
      { numRuns: 50 },
    );
  });
});
