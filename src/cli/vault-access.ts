/**
 * How the operator's terminal opens the vault: by the OS keychain where there is one, else by a passphrase from the
 * environment or a hidden prompt. The first secret makes the vault.
 */
import { existsSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { selfProgram } from "#host/self.ts";
import type { Keychain } from "#vault/keychain.ts";
import { systemKeychain } from "#vault/system-keychain.ts";
import { Vault } from "#vault/vault.ts";
import { type KeyHome, PASSPHRASE_BYTES_MIN } from "#vault/vault-key.ts";
import type { Context } from "./context.ts";

/** The OS keychain, reached through a child of ours. */
export function terminalKeychain(context: Context): Keychain {
  const { terminal, home } = context.environment;
  return systemKeychain({
    command: [...selfProgram().command, "keychain"],
    bus: { dbusAddress: terminal.dbusAddress, runtimeDir: terminal.runtimeDir, home },
    clock: context.clock,
    onSlow: () => context.out.say("waiting for the keychain (is it asking to be unlocked?) …"),
  });
}

/** Opens the vault that is there. */
export async function openVault(context: Context): Promise<Result<Vault, Fault>> {
  const { clock, random, paths } = context;
  return await Vault.open(
    { path: paths.vaultDb, clock, random },
    {
      keychain: terminalKeychain(context),
      passphrase: async () => {
        const given = context.environment.passphrase;
        if (given !== undefined) return copyOf(given);
        const asked = await context.terminal.askSecret("Passphrase of the vault");
        return asked.ok ? asked.value : undefined;
      },
    },
  );
}

/** Opens the vault, or makes one when there is none yet. `made` tells which. */
export async function openOrMakeVault(
  context: Context,
): Promise<Result<{ vault: Vault; made: boolean }, Fault>> {
  if (existsSync(context.paths.vaultDb)) {
    const opened = await openVault(context);
    return opened.ok ? ok({ vault: opened.value, made: false }) : opened;
  }
  const home = await keyHome(context);
  if (!home.ok) return home;
  const { clock, random, paths } = context;
  const made = await Vault.create({ path: paths.vaultDb, clock, random }, home.value);
  if (!made.ok) return made;
  const where =
    made.value.keptIn === "keychain" ? "in the system's keychain" : "wrapped under your passphrase";
  context.out.say(`made a vault; its key is kept ${where}`);
  return ok({ vault: made.value, made: true });
}

/** Where a new vault key goes: the given passphrase, else the keychain, else a passphrase that is asked for. */
export async function keyHome(context: Context): Promise<Result<KeyHome, Fault>> {
  const given = context.environment.passphrase;
  if (given !== undefined) return ok({ kind: "passphrase", passphrase: copyOf(given) });
  const keychain = terminalKeychain(context);
  const probe = await keychain.get("vault-key/probe");
  if (probe.ok) return ok({ kind: "keychain", keychain });
  if (!context.terminal.interactive) {
    return fail("unavailable", `${probe.error.message}, and no passphrase was given`, {
      reason: "passphrase_needed",
      hint: "set WIRKEN_VAULT_PASSPHRASE, or run this on a terminal",
    });
  }
  context.out.say(`${probe.error.message}: the vault's key is kept under a passphrase instead`);
  const first = await context.terminal.askSecret("New passphrase for the vault");
  if (!first.ok) return first;
  if (first.value.length < PASSPHRASE_BYTES_MIN) {
    return fail("usage", `a passphrase has at least ${PASSPHRASE_BYTES_MIN} bytes`);
  }
  const second = await context.terminal.askSecret("Once more");
  if (!second.ok) return second;
  if (!first.value.equals(second.value)) return fail("usage", "the two passphrases differ; nothing was made");
  return ok({ kind: "passphrase", passphrase: first.value });
}

/** The bytes of a text secret, as the vault takes them. */
export function bytesOf(secret: SecretString): SecretBytes {
  return secret.useBytes((bytes) => SecretBytes.take(bytes.slice()));
}

function copyOf(secret: SecretString): SecretString {
  return secret.useBytes((bytes) => SecretString.take(bytes.slice()));
}
