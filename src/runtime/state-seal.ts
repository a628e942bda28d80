/**
 * Seals what a peer of the gateway keeps (docs/formats/state.md): AES-256-GCM under the hand-off's `state-key`, a
 * random 96-bit nonce, and associated data that binds scope and name, so that one document cannot be put in
 * another's place. AES-GCM of the runtime, because XChaCha20-Poly1305 would cost each peer 8 MB of memory;
 * a state key seals far fewer than 2^32 documents, where random nonces of this size are safe (NIST SP
 * 800-38D section 8.3).
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import type { Random } from "./random.ts";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const DOMAIN = "wirken/state/v1\0";

export interface Seal {
  /** Seals a document under its name. */
  close(name: string, plain: Uint8Array): Uint8Array;
  /** Opens a document; `damaged` when a byte, the name, the scope or the key differs. */
  open(name: string, sealed: Uint8Array): Result<Uint8Array, "damaged">;
}

/**
 * The seal of one peer's state.
 * @param key 32 bytes; lent for the time of each call.
 * @param scope The vault scope, `channel/<id>`.
 */
export function stateSeal(key: SecretBytes, scope: string, random: Random): Seal {
  return {
    close: (name, plain) =>
      key.use((bytes) => {
        const nonce = random.bytes(NONCE_BYTES);
        const cipher = createCipheriv("aes-256-gcm", bytes, nonce, { authTagLength: TAG_BYTES });
        cipher.setAAD(associatedData(scope, name));
        const body = Buffer.concat([cipher.update(plain), cipher.final()]);
        return Buffer.concat([Uint8Array.of(VERSION), nonce, body, cipher.getAuthTag()]);
      }),
    open: (name, sealed) => {
      if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) return err("damaged");
      return key.use((bytes) => {
        const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
        const decipher = createDecipheriv("aes-256-gcm", bytes, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(associatedData(scope, name));
        decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
        const body = decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES));
        try {
          return ok(Buffer.concat([body, decipher.final()]));
        } catch {
          return err("damaged"); // final() throws for exactly one reason: the tag does not fit
        }
      });
    },
  };
}

/** `"wirken/state/v1"0 ‖ lp(scope) ‖ lp(name)`, with `lp(x)` = u32 big-endian length and the bytes. */
function associatedData(scope: string, name: string): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(DOMAIN)];
  for (const text of [scope, name]) {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}
