/**
 * Opening the vault for an operator: the one that is there, or a new one when the first secret is stored.
 * The keychain comes first; a passphrase is asked for only where there is none (issue "The spine", names
 * that stay).
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import { damaged } from "./faults.ts";
import type { Header } from "./header.ts";
import { isKeychainReason } from "./keychain.ts";
import { VaultStore, attempt } from "./store.ts";
import { readHeader } from "./vault-file.ts";
import type { KeySources } from "./vault-key.ts";
import { Vault, type VaultOptions } from "./vault.ts";

export interface OperatorSources extends KeySources {
  /** Asked for once when a vault must be made and there is no keychain; twice-typed by whoever asks. */
  readonly newPassphrase: () => Promise<SecretString | undefined>;
}

/** Opens the vault, or makes it. The faults of `Vault.open` and `Vault.create`. */
export async function openOrCreate(
  options: VaultOptions,
  sources: OperatorSources,
): Promise<Result<Vault, Fault>> {
  const opened = await Vault.open(options, sources);
  if (opened.ok || opened.error.reason !== "no_vault") return opened;
  const { keychain } = sources;
  const kept = await Vault.create(options, { kind: "keychain", keychain });
  if (kept.ok || !isKeychainReason(kept.error.reason ?? "")) return kept;
  const passphrase = await sources.newPassphrase();
  if (passphrase === undefined) {
    return fail("auth", "a vault needs a keychain or a passphrase", {
      reason: "passphrase_needed",
      hint: "set WIRKEN_VAULT_PASSPHRASE, or give one with --passphrase-fd",
    });
  }
  using owned = passphrase;
  return await Vault.create(options, { kind: "passphrase", passphrase: owned });
}

export interface VaultStatus {
  readonly keptIn: Header["holder"]["kind"];
  readonly generation: number;
  /** How many secrets there are, by scope; state keys count. */
  readonly scopes: Readonly<Record<string, number>>;
}

/**
 * What can be told without the key; `undefined`: there is no vault. Nothing here is verified but the
 * header's check.
 */
export function vaultStatus(path: string): Result<VaultStatus | undefined, Fault> {
  const opened = VaultStore.open(path, false);
  if (!opened.ok) return opened.error.reason === "no_vault" ? ok(undefined) : opened;
  using store = opened.value;
  const header = readHeader(store);
  if (!header.ok) return header.error.reason === "no_vault" ? ok(undefined) : header;
  return attempt(() => {
    const entries = store.entries();
    if (entries === "damaged") return damaged("an entry");
    const scopes: Record<string, number> = {};
    for (const entry of entries) scopes[entry.scope] = (scopes[entry.scope] ?? 0) + 1;
    return ok({ keptIn: header.value.holder.kind, generation: header.value.generation, scopes });
  });
}
