/**
 * The OS keychain as a port: one service (`wirken`), accounts that name a vault's key. `system-keychain.ts`
 * is the real one; the one in memory serves tests.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";

export interface Keychain {
  /** The secret of an account, owned by the caller; `undefined` when there is none. */
  get(account: string): Promise<Result<SecretBytes | undefined, Fault>>;
  /** Stores or replaces the secret of an account. */
  set(account: string, secret: SecretBytes): Promise<Result<void, Fault>>;
  /** Removes an account; no account is no failure. */
  delete(account: string): Promise<Result<void, Fault>>;
}

/** The reasons of a keychain's faults. */
export const KEYCHAIN_REASONS = {
  keychain_absent: "there is no keychain on this system",
  keychain_locked: "the keychain is locked",
  keychain_failed: "the keychain refused",
  keychain_timeout: "the keychain did not answer in time",
  keychain_tampered: "the keychain's addon is not the one this program was built with",
} as const;
export type KeychainReason = keyof typeof KEYCHAIN_REASONS;

/** True for the name of a keychain reason. */
export function isKeychainReason(text: string): text is KeychainReason {
  return Object.hasOwn(KEYCHAIN_REASONS, text);
}

/** A keychain's fault. */
export function keychainFault(reason: KeychainReason): Result<never, Fault> {
  const code = reason === "keychain_timeout" ? "timeout" : "unavailable";
  const hint = reason === "keychain_locked" ? { hint: "unlock the login keyring and try again" } : {};
  return fail(code, KEYCHAIN_REASONS[reason], { reason, ...hint });
}

/** A keychain in memory, for tests. `failure` makes every call fail with it. */
export interface MemoryKeychain extends Keychain {
  readonly accounts: () => readonly string[];
  failure: KeychainReason | undefined;
}

export function memoryKeychain(): MemoryKeychain {
  const kept = new Map<string, Uint8Array>();
  const keychain: MemoryKeychain = {
    failure: undefined,
    accounts: () => [...kept.keys()],
    get: async (account) => {
      if (keychain.failure !== undefined) return keychainFault(keychain.failure);
      const bytes = kept.get(account);
      return ok(bytes === undefined ? undefined : SecretBytes.take(bytes.slice()));
    },
    set: async (account, secret) => {
      if (keychain.failure !== undefined) return keychainFault(keychain.failure);
      kept.set(
        account,
        secret.use((bytes) => bytes.slice()),
      );
      return ok(undefined);
    },
    delete: async (account) => {
      if (keychain.failure !== undefined) return keychainFault(keychain.failure);
      kept.delete(account);
      return ok(undefined);
    },
  };
  return keychain;
}
