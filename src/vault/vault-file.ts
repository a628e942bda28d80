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
import { VaultStore, attempt } from "./store.ts";
import { type KeyHome, type KeySources, type MintedKey, findKey, mintKey } from "./vault-key.ts";

/**
 * Makes a vault where there is none: the key is made and kept first, the file written after, so that a keychain which
 * refuses leaves nothing behind. The store stays open and is the caller's.
 */
export async function found(path: string, random: Random, home: KeyHome): Promise<Result<FoundVault, Fault>> {
  const free = checkFree(path);
  if (!free.ok) return free;
  const minted = await mintKey(random, random.bytes(ID_BYTES), 1, home);
  if (!minted.ok) return minted;
  const { header, key } = minted.value;
  const store = VaultStore.open(path, true);
  const written = store.ok ? write(store.value, header, key) : store;
  if (store.ok && written.ok) return ok({ header, key, store: store.value });
  if (store.ok) store.value[Symbol.dispose]();
  key[Symbol.dispose]();
  if (home.kind === "keychain") await home.keychain.delete(keyAccount(header.id, header.generation));
  return written.ok ? exists() : written;
}

export interface FoundVault extends MintedKey {
  readonly store: VaultStore;
}

/** A file that a crash left empty is as good as none. */
function checkFree(path: string): Result<void, Fault> {
  const opened = VaultStore.open(path, false);
  if (!opened.ok) return opened.error.reason === "no_vault" ? ok(undefined) : opened;
  using store = opened.value;
  return attempt(() => (store.header() === "none" ? ok(undefined) : exists()));
}

/** Looks once more inside the transaction: another process may have made one while the key was being kept. */
function write(store: VaultStore, header: Header, key: SecretBytes): Result<void, Fault> {
  return attempt(() =>
    store.transaction(() => {
      if (store.header() !== "none") return exists();
      store.create({ header: printHeader(header), mac: entriesMac(key, header, []) });
      return ok(undefined);
    }),
  );
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
