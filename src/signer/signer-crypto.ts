/** The record's primitives in the signer's process, over the connection's own key types. */
import { type Crypto, strictCrypto } from "#chain/crypto.ts";
import { utf8 } from "#chain/bytes.ts";
import { PublicKey, sha256 } from "#ipc/keys.ts";

/** Builds the primitives. The signer hashes trees; it is asked for no verdict on signatures. */
export function signerCrypto(): Crypto {
  return strictCrypto({
    sha256: (data, out) => {
      const digest = sha256(typeof data === "string" ? utf8(data) : data);
      if (out === undefined) return digest;
      out.set(digest);
      return out;
    },
    verifyEd25519: (key, message, signature) => {
      const parsed = PublicKey.parse(key);
      return parsed.ok && parsed.value.verify(message, signature);
    },
  });
}
