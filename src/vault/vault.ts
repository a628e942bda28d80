/**
 * The vault: sealed entries in one file, opened by the keeper and the operator's CLI alone
 * (docs/formats/vault.md). Each call reads the file afresh inside one transaction and checks the MAC over
 * all entries, so an entry that was put back or taken out is seen, and a change made by another process is
 * seen, too.
 */
import { dirname } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { ensureFolder } from "#host/files.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import {
  ENTRY_SALT_BYTES,
  type EntryInfo,
  type EntryRow,
  checkWords,
  deriveStateKey,
  openEntry,
  sealEntry,
} from "./entry.ts";
import { badWord, damaged, noEntry } from "./faults.ts";
import { type Header, keyAccount, printHeader } from "./header.ts";
import type { Keychain } from "./keychain.ts";
import { lockInMemory } from "./locked.ts";
import { entriesMac } from "./mac.ts";
import { type NewEntry, STATE_KEY, checkNew, freshInfo } from "./new-entry.ts";
import { VaultStore, attempt, exclusively } from "./store.ts";
import { checkedRows, found, unlock } from "./vault-file.ts";
import { type KeyHome, type KeySources, type MintedKey, mintKey } from "./vault-key.ts";

export interface VaultOptions {
  /** `vault/vault.db` of the data folder. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
}

const MINT = Symbol("Vault");

/** An open vault. Disposing zeroes its key and closes the file. */
export class Vault implements Disposable {
  readonly #store: VaultStore;
  readonly #clock: Clock;
  readonly #random: Random;
  #header: Header;
  #key: SecretBytes;

  constructor(mint: typeof MINT, store: VaultStore, options: VaultOptions, header: Header, key: SecretBytes) {
    if (mint !== MINT) throw new TypeError("Vault is sealed: use Vault.open or Vault.create");
    this.#store = store;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#header = header;
    this.#key = key;
  }

  /** Makes a vault where there is none. `refused` with reason `vault_exists` when there is one. */
  static async create(options: VaultOptions, home: KeyHome): Promise<Result<Vault, Fault>> {
    const folder = ensureFolder(dirname(options.path));
    if (!folder.ok) return folder;
    const made = await found(options.path, options.random, home);
    return made.ok ? finish(made.value.store, options, made) : made;
  }

  /**
   * Opens a vault. Reasons: `no_vault`, `vault_damaged`, `wrong_passphrase`, `passphrase_needed`,
   * `vault_key_missing`, or a keychain's. None of them changes the file.
   */
  static async open(options: VaultOptions, sources: KeySources): Promise<Result<Vault, Fault>> {
    const store = VaultStore.open(options.path, false);
    if (!store.ok) return store;
    return finish(store.value, options, await unlock(store.value, sources));
  }

  /** How the key is kept, and its generation. */
  get keptIn(): Header["holder"]["kind"] {
    return this.#header.holder.kind;
  }
  get generation(): number {
    return this.#header.generation;
  }

  /** Stores a value as a new entry, or as the next version of one. Returns what the row says. */
  put(entry: NewEntry): Result<EntryInfo, Fault> {
    const refused = checkNew(entry);
    if (!refused.ok) return refused;
    return this.#change((rows) => {
      const before = rows.find((row) => row.scope === entry.scope && row.name === entry.name);
      const info: EntryInfo = {
        scope: entry.scope,
        name: entry.name,
        kind: entry.kind,
        version: (before?.version ?? 0) + 1,
        createdMs: this.#clock.now(),
        expiresMs: entry.expiresMs ?? 0,
        origins: entry.origins ?? [],
      };
      this.#store.put(this.#seal(info, entry.value));
      return ok(info);
    });
  }

  /**
   * Lends an entry's value to `fn` for the time of the call and zeroes it after. Reasons: `no_entry`,
   * `expired`,
   * `vault_damaged`, `key_rotated`.
   */
  use<T>(scope: string, name: string, fn: (value: SecretBytes, info: EntryInfo) => T): Result<T, Fault> {
    const value = this.#transaction((rows) => {
      const row = rows.find((candidate) => candidate.scope === scope && candidate.name === name);
      if (row === undefined) return noEntry();
      if (row.expiresMs !== 0 && row.expiresMs <= this.#clock.now()) {
        return fail("auth", "the credential has expired", {
          reason: "expired",
          hint: "wirken credentials rotate stores a new one",
        });
      }
      const plain = this.#open(row);
      return plain === undefined
        ? damaged("an entry")
        : ok({ secret: SecretBytes.take(plain), info: infoOf(row) });
    });
    if (!value.ok) return value;
    using secret = value.value.secret;
    return ok(fn(secret, value.value.info));
  }

  /** Every entry, each one's seal checked; state keys are left out. Sorted by scope and name. */
  list(): Result<readonly EntryInfo[], Fault> {
    return this.#transaction((rows) => {
      for (const row of rows) {
        const plain = this.#open(row);
        if (plain === undefined) return damaged("an entry");
        plain.fill(0);
      }
      return ok(rows.filter((row) => row.name !== STATE_KEY).map(infoOf));
    });
  }

  /** True when there is such an entry, expired or not. */
  has(scope: string, name: string): Result<boolean, Fault> {
    return this.#transaction((rows) => ok(rows.some((row) => row.scope === scope && row.name === name)));
  }

  /** Takes an entry out. `not_found` with reason `no_entry` when there is none. */
  remove(scope: string, name: string): Result<EntryInfo, Fault> {
    const removed = this.#change((rows) => {
      const row = rows.find((candidate) => candidate.scope === scope && candidate.name === name);
      if (row === undefined || name === STATE_KEY) return noEntry();
      this.#store.remove(scope, name);
      return ok(infoOf(row));
    });
    if (removed.ok) attempt(() => ok(this.#store.settle()));
    return removed;
  }

  /**
   * Makes sure of a random secret of `bytes` bytes under a name, in one transaction, so that two callers
   * agree.
   */
  ensureRandom(scope: string, name: string, kind: string, bytes: number): Result<void, Fault> {
    const words = checkWords(scope, name, kind);
    if (!words.ok) return badWord(words.error);
    return this.#change((rows) => {
      if (rows.some((row) => row.scope === scope && row.name === name)) return ok(undefined);
      using value = SecretBytes.take(this.#random.bytes(bytes));
      this.#store.put(this.#seal(freshInfo(scope, name, kind, this.#clock.now()), value));
      return ok(undefined);
    });
  }

  /**
   * Lends the state key of a scope (docs/formats/vault.md section "State keys"), making it at its first
   * use.
   */
  stateKey<T>(scope: string, fn: (key: SecretBytes) => T): Result<T, Fault> {
    const words = checkWords(scope, STATE_KEY, "state_key");
    if (!words.ok) return badWord(words.error);
    const known = this.has(scope, STATE_KEY);
    if (!known.ok) return known;
    if (!known.value) {
      const made = this.#change((rows) => {
        if (rows.some((row) => row.scope === scope && row.name === STATE_KEY)) return ok(undefined);
        const salt = this.#random.bytes(ENTRY_SALT_BYTES);
        using key = SecretBytes.take(this.#key.use((bytes) => deriveStateKey(bytes, salt, scope)));
        this.#store.put(this.#seal(freshInfo(scope, STATE_KEY, "state_key", this.#clock.now()), key, salt));
        return ok(undefined);
      });
      if (!made.ok) return made;
    }
    return this.use(scope, STATE_KEY, fn);
  }

  /**
   * Replaces the vault key by one of the next generation, kept in `home`: the new key is stored and read back
   * first, one transaction re-encrypts everything, the old key is deleted last. The file's write lock is held
   * throughout, so two rotations cannot overwrite each other's key. A crash at any point leaves a vault that
   * opens; at most a key that opens nothing stays in the keychain, and the next rotation replaces it.
   */
  async rotateKey(home: KeyHome, keychain: Keychain): Promise<Result<void, Fault>> {
    const old = this.#header;
    const minted = await exclusively(this.#store, async () => {
      const next = await mintKey(this.#random, old.id, old.generation + 1, home);
      if (!next.ok) return next;
      const moved = this.#move(next.value);
      if (moved.ok) return next;
      next.value.key[Symbol.dispose]();
      return moved;
    });
    if (!minted.ok) return minted;
    this.#key[Symbol.dispose]();
    this.#key = minted.value.key;
    lockInMemory(this.#key);
    this.#header = minted.value.header;
    attempt(() => ok(this.#store.settle()));
    return old.holder.kind === "keychain"
      ? await keychain.delete(keyAccount(old.id, old.generation))
      : ok(undefined);
  }

  /** Re-encrypts everything under the next key, inside the transaction that is open. */
  #move(next: MintedKey): Result<void, Fault> {
    const before = checkedRows(this.#store, this.#header, this.#key);
    if (!before.ok) return before;
    const after: EntryRow[] = [];
    for (const row of before.value) {
      const plain = this.#open(row);
      if (plain === undefined) return damaged("an entry");
      const { header, key } = next;
      after.push(key.use((bytes) => sealEntry(this.#random, bytes, header.id, infoOf(row), plain)));
      plain.fill(0);
    }
    for (const row of after) this.#store.put(row);
    const mac = entriesMac(next.key, next.header, after);
    this.#store.replaceHeader({ header: printHeader(next.header), mac });
    return ok(undefined);
  }

  [Symbol.dispose](): void {
    this.#key[Symbol.dispose]();
    this.#store[Symbol.dispose]();
  }

  #seal(info: EntryInfo, value: SecretBytes, salt?: Uint8Array): EntryRow {
    return this.#key.use((key) =>
      value.use((plain) => sealEntry(this.#random, key, this.#header.id, info, plain, salt)),
    );
  }

  #open(row: EntryRow): Uint8Array | undefined {
    return this.#key.use((key) => openEntry(key, this.#header.id, row));
  }

  /** A transaction that ends with the MAC over what `fn` left behind. */
  #change<T>(fn: (rows: readonly EntryRow[]) => Result<T, Fault>): Result<T, Fault> {
    return this.#transaction((rows) => {
      const result = fn(rows);
      if (!result.ok) return result;
      const after = this.#store.entries();
      if (after === "damaged") return damaged("an entry");
      const mac = entriesMac(this.#key, this.#header, after);
      this.#store.replaceHeader({ header: printHeader(this.#header), mac });
      return result;
    });
  }

  /** Reads and checks everything, then runs `fn`, all in one transaction. */
  #transaction<T>(fn: (rows: readonly EntryRow[]) => Result<T, Fault>): Result<T, Fault> {
    return attempt(() =>
      this.#store.transaction(() => {
        const rows = checkedRows(this.#store, this.#header, this.#key);
        return rows.ok ? fn(rows.value) : rows;
      }),
    );
  }
}

function finish(
  store: VaultStore,
  options: VaultOptions,
  made: Result<MintedKey, Fault>,
): Result<Vault, Fault> {
  if (made.ok) {
    lockInMemory(made.value.key);
    return ok(new Vault(MINT, store, options, made.value.header, made.value.key));
  }
  store[Symbol.dispose]();
  return made;
}

function infoOf(row: EntryRow): EntryInfo {
  const { scope, name, kind, version, createdMs, expiresMs, origins } = row;
  return { scope, name, kind, version, createdMs, expiresMs, origins };
}
