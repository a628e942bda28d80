/** The record's primitives where the log is written and verified: Bun's SHA-256 and node:crypto's Ed25519. */
import { type KeyObject, createPublicKey, verify } from "node:crypto";
import { type Crypto, strictCrypto } from "#chain/crypto.ts";

const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");
/** A log has a handful of keys; a hostile one may name many. */
const KEYS_KEPT_MAX = 64;

/** Builds the primitives, with key objects kept between verdicts. */
export function auditCrypto(): Crypto {
  const keys = new Map<string, KeyObject>();
  const keyOf = (bytes: Uint8Array): KeyObject => {
    const name = bytes.toHex();
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size >= KEYS_KEPT_MAX) keys.clear();
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: "der", type: "spki" });
    keys.set(name, key);
    return key;
  };
  return strictCrypto({
    sha256: (data, out = new Uint8Array(32)) => {
      Bun.SHA256.hash(data, out);
      return out;
    },
    verifyEd25519: (key, message, signature) => verify(null, message, keyOf(key), signature),
  });
}
