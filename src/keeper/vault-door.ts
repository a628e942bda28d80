/**
 * How the keeper gets at the vault. With a keychain the key is fetched for each use and zeroed after it;
 * under a passphrase, which nobody types twice, the vault stays open. Without a vault, keys live for this
 * run (issue "The spine", names that stay).
 */
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import { type Keychain, isKeychainReason } from "#vault/keychain.ts";
import { Vault, type VaultOptions } from "#vault/vault.ts";

export interface DoorOptions extends VaultOptions {
  readonly keychain: Keychain;
  /** The passphrase, where one was given. The door disposes it. */
  readonly passphrase: SecretString | undefined;
  /** Asks a person, where there is one: only for a vault that is kept under a passphrase. */
  readonly askPassphrase: () => Promise<SecretString | undefined>;
}

/** Where the vault's key is kept; `none` says why there is no vault: signing keys live for one run then. */
export type Keeping =
  | { readonly kind: "keychain" }
  | { readonly kind: "passphrase" }
  | { readonly kind: "none"; readonly why: Fault };

export class VaultDoor implements Disposable {
  readonly #options: DoorOptions;
  #held: Vault | undefined;
  /** As it was at the start: it decides for the whole run which keys are kept. */
  readonly keeping: Keeping;

  private constructor(options: DoorOptions, keeping: Keeping, held: Vault | undefined) {
    this.#options = options;
    this.keeping = keeping;
    this.#held = held;
  }

  /**
   * Opens the vault that is there, or makes one where a passphrase was given or a keychain answers. Any
   * fault of a vault that exists ends the start: it is never taken for "no vault".
   */
  static async open(options: DoorOptions): Promise<Result<VaultDoor, Fault>> {
    using given = options.passphrase;
    let lent = false;
    const passphrase = async (): Promise<SecretString | undefined> => {
      if (given === undefined || lent) return await options.askPassphrase();
      lent = true;
      return given;
    };
    const opened = await Vault.open(options, { keychain: options.keychain, passphrase });
    if (opened.ok) return ok(VaultDoor.#of(options, opened.value));
    if (opened.error.reason !== "no_vault") return opened;
    const home =
      given === undefined
        ? ({ kind: "keychain", keychain: options.keychain } as const)
        : ({ kind: "passphrase", passphrase: given } as const);
    const made = await Vault.create(options, home);
    if (made.ok) return ok(VaultDoor.#of(options, made.value));
    if (!isKeychainReason(made.error.reason ?? "")) return made;
    return ok(new VaultDoor(options, { kind: "none", why: made.error }, undefined));
  }

  static #of(options: DoorOptions, vault: Vault): VaultDoor {
    return new VaultDoor(options, { kind: vault.keptIn }, vault);
  }

  /** The start is over: a key that the keychain keeps is forgotten here until it is needed again. */
  cool(): void {
    if (this.keeping.kind !== "keychain") return;
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
  }

  /**
   * Lends the vault to `fn`; `undefined` where there is none yet. A vault that was made since the start is
   * found, if a keychain keeps its key; one under a passphrase waits for the next start, which is told it.
   */
  async use<T>(fn: (vault: Vault | undefined) => Result<T, Fault>): Promise<Result<T, Fault>> {
    if (this.#held !== undefined) return fn(this.#held);
    const { keychain } = this.#options;
    const opened = await Vault.open(this.#options, { keychain, passphrase: async () => undefined });
    if (!opened.ok) {
      const { reason } = opened.error;
      const isClosed = this.keeping.kind === "none" && reason === "passphrase_needed";
      return reason === "no_vault" || isClosed ? fn(undefined) : opened;
    }
    using vault = opened.value;
    return fn(vault);
  }

  [Symbol.dispose](): void {
    this.#held?.[Symbol.dispose]();
  }
}
