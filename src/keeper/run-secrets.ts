/**
 * Secrets that live for one run of the keeper: handshake keys always, everything else where no vault keeps
 * it.
 */
import { SecretBytes } from "#contracts/secret.ts";
import type { Random } from "#runtime/random.ts";

const BYTES = 32;

/** 32 random bytes for each label, the same for the whole run. Disposing zeroes them all. */
export class RunSecrets implements Disposable {
  readonly #random: Random;
  readonly #kept = new Map<string, SecretBytes>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A copy of the label's secret, made at its first use. The caller owns the copy. */
  copy(label: string): SecretBytes {
    let kept = this.#kept.get(label);
    if (kept === undefined) {
      kept = SecretBytes.take(this.#random.bytes(BYTES));
      this.#kept.set(label, kept);
    }
    return copyOf(kept);
  }

  [Symbol.dispose](): void {
    for (const secret of this.#kept.values()) secret[Symbol.dispose]();
    this.#kept.clear();
  }
}

/** A copy with its own buffer and owner. */
export function copyOf(secret: SecretBytes): SecretBytes {
  return secret.use((bytes) => SecretBytes.take(bytes.slice()));
}
