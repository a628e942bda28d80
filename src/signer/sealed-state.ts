/**
 * The signer's memory on the disk: one sealed file an entry in `state/signer/`, replaced atomically and
 * flushed before
 * a signature leaves. XChaCha20-Poly1305 under the hand-off's `state-key`; the associated data binds scope
 * and name, so
 * no entry can be put in another's place (docs/formats/audit.md, "Signer").
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { concat, lp, tag, utf8 } from "#chain/bytes.ts";
import { readFileBounded, writeFileAtomic } from "#host/files.ts";
import type { Random } from "#runtime/random.ts";
import type { StateStore } from "./state-store.ts";

const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const ENTRY_BYTES_MAX = 65_536;
const DOMAIN = tag("wirken/state/v1");
/** The vault scope that `state-key` was derived for. */
const SCOPE = "sign";
const NAME = /^[a-z0-9-]{1,64}$/;

/**
 * Entries in `folder`, sealed under `key` (32 bytes, lent for the time of each call). With `foreign:
 * "absent"` an entry
 * that does not open counts as none: for a key that lives for one run, it is another run's.
 */
export function sealedStateStore(
  folder: string,
  key: SecretBytes,
  random: Random,
  foreign: "damaged" | "absent" = "damaged",
): StateStore {
  const pathOf = (name: string): string => {
    if (!NAME.test(name)) throw new Error("a state entry's name is no file name");
    return `${folder}/${name}.sealed`;
  };
  return {
    load: (name) => {
      const read = readFileBounded(pathOf(name), ENTRY_BYTES_MAX);
      if (read.ok) {
        const opened = open(key, name, read.value);
        return opened.ok || foreign === "damaged" ? opened : ok(undefined);
      }
      return read.error.code === "not_found" ? ok(undefined) : read;
    },
    save: (name, bytes) => {
      const nonce = random.bytes(NONCE_BYTES);
      const sealed = key.use((raw) => xchacha20poly1305(raw, nonce, bindingOf(name)).encrypt(bytes));
      return writeFileAtomic(pathOf(name), concat(nonce, sealed), { random });
    },
  };
}

function open(key: SecretBytes, name: string, sealed: Uint8Array): Result<Uint8Array, Fault> {
  if (sealed.length >= NONCE_BYTES + TAG_BYTES) {
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const body = sealed.subarray(NONCE_BYTES);
      return ok(key.use((raw) => xchacha20poly1305(raw, nonce, bindingOf(name)).decrypt(body)));
    } catch {
      // falls through: an entry that does not open is damaged, whatever the reason
    }
  }
  return fail("damaged", "an entry of the signer's memory does not open", {
    reason: "state_damaged",
    hint: "look at the log with `wirken audit verify`, then run `wirken audit accept-state`",
  });
}

function bindingOf(name: string): Uint8Array {
  return concat(DOMAIN, lp(utf8(SCOPE)), lp(utf8(name)));
}
