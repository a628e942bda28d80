/**
 * The two primitives of the record as a port, so that signer, gateway, command line and page share one
 * `chain`.
 * Each process builds it from what its runtime has; the Ed25519 verdict goes through `strictCrypto`
 * everywhere.
 */
import { isCanonicalPoint, isCanonicalScalar, isSmallOrder } from "./ed25519.ts";

export interface Primitives {
  /** SHA-256 of bytes, or of a text's UTF-8; written into `out` (32 bytes) when given. Returns the digest. */
  sha256(data: Uint8Array | string, out?: Uint8Array): Uint8Array;
  /** The runtime's own Ed25519 verdict (RFC 8032 section 5.1.7, without cofactor). */
  verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

export interface Crypto {
  sha256(data: Uint8Array | string, out?: Uint8Array): Uint8Array;
  /**
   * The strict verdict of docs/formats/audit.md: canonical A and R, A not of small order, S < L, no
   * cofactor.
   */
  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Puts our checks of key and signature before the runtime's verdict. */
export function strictCrypto(primitives: Primitives): Crypto {
  return {
    sha256: primitives.sha256,
    verify: (key, message, signature) => {
      if (key.length !== 32 || signature.length !== 64) return false;
      if (!isCanonicalPoint(key) || isSmallOrder(key)) return false;
      if (!isCanonicalPoint(signature.subarray(0, 32))) return false;
      if (!isCanonicalScalar(signature.subarray(32))) return false;
      return primitives.verifyEd25519(key, message, signature);
    },
  };
}
