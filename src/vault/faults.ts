/** The vault's own faults: each has a stable reason, and none of them changes the file. */
import { type Fault, fail } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";

export function damaged(what: string): Result<never, Fault> {
  return fail("damaged", `the vault is damaged: ${what} does not check out`, {
    reason: "vault_damaged",
    hint: "put vault/vault.db back from a backup; nothing was changed",
  });
}

export function noVault(): Result<never, Fault> {
  return fail("not_found", "there is no vault yet", {
    reason: "no_vault",
    hint: "wirken credentials add makes one",
  });
}

export function badWord(word: "scope" | "name" | "kind"): Result<never, Fault> {
  return fail("usage", `the ${word} of a vault entry is not well-formed`, { reason: `bad_${word}` });
}

export function noEntry(): Result<never, Fault> {
  return fail("not_found", "the vault has no such entry", { reason: "no_entry" });
}

export function exists(): Result<never, Fault> {
  return fail("refused", "there is a vault already", { reason: "vault_exists" });
}
