/**
 * Making and opening a vault's file, and reading it with every check: header, then the MAC over all entries
 * (docs/formats/vault.md). Nothing here writes to a vault that exists.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import type { Random } from "#runtime/random.ts";
import { same } from "./cipher.ts";
import type { EntryRow } from "./entry.ts";
import { damaged, exists, noVault } from "./faults.ts";
import { type Header, ID_BYTES, keyAccount, parseHeader, printHeader } from "./header.ts";
import { entriesMac } from "./mac.ts";
import { type VaultStore, attempt } from "./store.ts";
import { type KeyHome, type KeySources, type MintedKey, findKey, mintKey } from "./vault-key.ts";

/** Fills an empty file: the key is made and kept first, the header row written after. */
export async function fill(
  store: VaultStore,
  random: Random,
  home: KeyHome,
): Promise<Result<MintedKey, Fault>> {
  const free = attempt(() => (store.header() === "none" ? ok(undefined) : exists()));
  if (!free.ok) return free;
  const minted = await mintKey(random, random.bytes(ID_BYTES), 1, home);
  if (!minted.ok) return minted;
  const { header, key } = minted.value;
  const written = attempt(() =>
    store.transaction(() => {
      // Asked again inside the transaction: another process may have made one while the key was being stored.
      if (store.header() !== "none") return exists();
      store.create({ header: printHeader(header), mac: entriesMac(key, header, []) });
      return ok(undefined);
    }),
  );
  if (written.ok) return minted;
  key[Symbol.dispose]();
  if (home.kind === "keychain") await home.keychain.delete(keyAccount(header.id, header.generation));
  return written;
}

/** Finds the key of a filled file and checks everything in it. */
export async function unlock(store: VaultStore, sources: KeySources): Promise<Result<MintedKey, Fault>> {
  const header = readHeader(store);
  if (!header.ok) return header;
  const key = await findKey(header.value, sources);
  if (!key.ok) return key;
  const checked = attempt(() => store.transaction(() => checkedRows(store, header.value, key.value)));
  if (checked.ok) return ok({ header: header.value, key: key.value });
  key.value[Symbol.dispose]();
  return checked;
}

/** The header of a vault's file, its check verified. */
export function readHeader(store: VaultStore): Result<Header, Fault> {
  return attempt(() => {
    const stored = store.header();
    if (stored === "none") return noVault();
    const header = stored === "damaged" ? err("damaged") : parseHeader(stored.header);
    return header.ok ? header : damaged("its header");
  });
}

/** All entries under the header that the caller opened; call it inside a transaction. */
export function checkedRows(
  store: VaultStore,
  expected: Header,
  key: SecretBytes,
): Result<readonly EntryRow[], Fault> {
  const stored = store.header();
  if (stored === "none" || stored === "damaged") return damaged("its header");
  const header = parseHeader(stored.header);
  if (!header.ok) return damaged("its header");
  if (!same(printHeader(header.value), printHeader(expected))) {
    return fail("auth", "the vault's key was rotated by another program", {
      reason: "key_rotated",
      hint: "restart wirken",
    });
  }
  const rows = store.entries();
  if (rows === "damaged" || !same(stored.mac, entriesMac(key, expected, rows))) {
    return damaged("the list of its entries");
  }
  return ok(rows);
}
