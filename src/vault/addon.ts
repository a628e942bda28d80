/**
 * Loads the keychain's native addon without ever running a file that somebody else could have written: its
 * bytes are hashed against the value fixed at build time and then loaded from sealed memory, never from a
 * temporary folder (docs/formats/vault.md section "Keychain child").
 */
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Result, err, ok } from "#contracts/result.ts";
import { writeFully } from "#host/files.ts";
import { type Libc, cString, loadLibc } from "#host/libc.ts";

/** SHA-256 of the addon, fixed by build.ts; absent when the program runs from its sources. */
declare const WIRKEN_KEYRING_SHA256: string;

/** The part of the addon that is used. */
export interface KeyringAddon {
  readonly Entry: new (
    service: string,
    account: string,
    options: { readonly linux: { readonly store: "secret-service" } },
  ) => KeyringEntry;
}
export interface KeyringEntry {
  getSecret(): readonly number[] | null;
  setSecret(secret: Uint8Array): void;
  deleteCredential(): boolean;
}

export type AddonFault = "keychain_absent" | "keychain_tampered";

/**
 * Loads the addon of this build or, from source, the installed package's (which the lock file vouches for).
 */
export async function loadAddon(): Promise<Result<KeyringAddon, AddonFault>> {
  if (typeof WIRKEN_KEYRING_SHA256 !== "string") return loadVerified(installedAddon(), undefined);
  const { EMBEDDED_ADDON } = await import("./embedded-addon.ts");
  return loadVerified(await Bun.file(EMBEDDED_ADDON).bytes(), WIRKEN_KEYRING_SHA256);
}

/** Loads an addon from its bytes once they have the hash `sha256` (lower-case hex). */
export function loadVerified(
  bytes: Uint8Array | undefined,
  sha256: string | undefined,
): Result<KeyringAddon, AddonFault> {
  if (bytes === undefined) return err("keychain_absent");
  if (sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== sha256) {
    return err("keychain_tampered");
  }
  const libc = loadLibc();
  const module: { exports: unknown } = { exports: {} };
  try {
    if (libc === undefined) loadFromPrivateFile(module, bytes);
    else loadFromSealedMemory(module, bytes, libc);
  } catch {
    return err("keychain_absent"); // no file for this C library or processor
  }
  return isAddon(module.exports) ? ok(module.exports) : err("keychain_absent");
}

const CLOEXEC_AND_SEALING = 1 | 2;
const ADD_SEALS = 1_033;
/** SEAL, SHRINK, GROW and WRITE: nobody can change the file any more, not even through /proc. */
const ALL_SEALS = 0xf;

function loadFromSealedMemory(module: { exports: unknown }, bytes: Uint8Array, libc: Libc): void {
  const descriptor = libc.call("memfd_create", cString("keyring"), CLOEXEC_AND_SEALING).value;
  if (descriptor < 0) throw new Error("no memory file");
  try {
    writeFully(descriptor, bytes);
    if (libc.call("fcntl", descriptor, ADD_SEALS, ALL_SEALS).value !== 0) throw new Error("not sealed");
    process.dlopen(module, `/proc/self/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Where there are no memory files: a folder that only this user can enter, under a random name, removed at
 * once.
 */
function loadFromPrivateFile(module: { exports: unknown }, bytes: Uint8Array): void {
  const folder = mkdtempSync(join(tmpdir(), "wirken-"));
  try {
    const file = join(folder, "keyring.node");
    writeFileSync(file, bytes, { mode: 0o600, flag: "wx" });
    process.dlopen(module, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function installedAddon(): Uint8Array | undefined {
  for (const name of addonNames()) {
    try {
      const file = `@napi-rs/keyring-${name}/keyring.${name}.node`;
      return readFileSync(Bun.resolveSync(file, import.meta.dir));
    } catch {
      continue; // not installed for this C library
    }
  }
  return undefined;
}

function addonNames(): readonly string[] {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform === "linux") return [`${base}-gnu`, `${base}-musl`];
  return process.platform === "win32" ? [`${base}-msvc`] : [base];
}

function isAddon(value: unknown): value is KeyringAddon {
  return typeof value === "object" && value !== null && "Entry" in value && typeof value.Entry === "function";
}
