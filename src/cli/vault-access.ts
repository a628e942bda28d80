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
import { openOrCreate } from "#vault/operator.ts";
import { Vault } from "#vault/vault.ts";
import { type KeyHome, type KeySources, PASSPHRASE_BYTES_MIN } from "#vault/vault-key.ts";
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
  return await Vault.open({ path: paths.vaultDb, clock, random }, sources(context));
}

function sources(context: Context): KeySources {
  return {
    keychain: terminalKeychain(context),
    passphrase: async () => {
      const given = context.environment.passphrase;
      if (given !== undefined) return copyOf(given);
      const asked = await context.terminal.askSecret("Passphrase of the vault");
      return asked.ok ? asked.value : undefined;
    },
  };
}

/** Opens the vault, or makes one when there is none yet. `made`: where the key of a new one is kept. */
export async function openOrMakeVault(
  context: Context,
): Promise<Result<{ vault: Vault; made: Vault["keptIn"] | undefined }, Fault>> {
  const { clock, random, paths } = context;
  const there = existsSync(paths.vaultDb);
  const opened = await openOrCreate(
    { path: paths.vaultDb, clock, random },
    { ...sources(context), newPassphrase: () => newPassphrase(context) },
  );
  if (!opened.ok) return opened;
  if (!there) {
    const where =
      opened.value.keptIn === "keychain" ? "in the system's keychain" : "wrapped under your passphrase";
    context.out.say(`made a vault; its key is kept ${where}`);
  }
  return ok({ vault: opened.value, made: there ? undefined : opened.value.keptIn });
}

/** Where the next vault key goes: where the present one is. */
export async function nextKeyHome(context: Context, vault: Vault): Promise<Result<KeyHome, Fault>> {
  if (vault.keptIn === "keychain") return ok({ kind: "keychain", keychain: terminalKeychain(context) });
  const passphrase = await newPassphrase(context);
  if (passphrase === undefined) return fail("auth", "a new key needs a passphrase; nothing was changed");
  return ok({ kind: "passphrase", passphrase });
}

/** A passphrase for a new key: given in the environment, or typed twice. */
async function newPassphrase(context: Context): Promise<SecretString | undefined> {
  const given = context.environment.passphrase;
  if (given !== undefined) return copyOf(given);
  if (!context.terminal.interactive) return undefined;
  context.out.say("there is no keychain to keep the vault's key in: it is kept under a passphrase instead");
  const first = await context.terminal.askSecret("New passphrase for the vault (at least 8 bytes)");
  if (!first.ok || first.value.length < PASSPHRASE_BYTES_MIN) return undefined;
  const second = await context.terminal.askSecret("Once more");
  if (!second.ok) return undefined;
  using again = second.value;
  if (first.value.equals(again)) return first.value;
  context.out.say("the two passphrases differ");
  return undefined;
}

/** The bytes of a text secret, as the vault takes them. */
export function bytesOf(secret: SecretString): SecretBytes {
  return secret.useBytes((bytes) => SecretBytes.take(bytes.slice()));
}

function copyOf(secret: SecretString): SecretString {
  return secret.useBytes((bytes) => SecretString.take(bytes.slice()));
}
