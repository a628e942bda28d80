/**
 * The vault's passphrase on its way into the keeper. A variable stays readable in `/proc/self/environ` for
 * as long as the process lives, so a keeper that found it there becomes itself again with a clean
 * environment and the value on an inherited pipe (docs/formats/vault.md section "Passphrase").
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { SecretString } from "#contracts/secret.ts";
import { writeFully } from "#host/files.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { closeOnExecFrom, duplicateTo, makePipe, prepareExecution } from "#host/process-control.ts";
import { selfProgram } from "#host/self.ts";
import { errnoName } from "#host/syscalls.ts";
import { ioFault } from "#host/system-error.ts";

const PASSPHRASE_BYTES_MAX = 1_024;
const FIRST_FREE_FD = 3;
const NEWLINE = 0x0a;

/** The option through which the passphrase comes back in. */
export const PASSPHRASE_FD_OPTION = "--passphrase-fd";

/**
 * Becomes this program again: the words of the command line, `--passphrase-fd 3`, the passphrase on that
 * pipe and `env`, which must not hold it. Returns only where that failed; `unsupported` off Linux, where
 * the caller goes on with the passphrase that it has.
 */
export function becomeWithout(
  passphrase: SecretString,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  libc: Libc | undefined = loadLibc(),
): Result<never, Fault> {
  if (libc === undefined) return fail("unsupported", "this system cannot replace a running program");
  if (passphrase.length > PASSPHRASE_BYTES_MAX) return fail("usage", "the passphrase is too long");
  const pipe = makePipe(libc);
  if (pipe === undefined) return fail("io", "no pipe could be made");
  const [readEnd, writeEnd] = pipe;
  // A pipe holds 64 KiB, so this cannot wait for a reader.
  passphrase.useBytes((bytes) => writeFully(writeEnd, bytes));
  closeSync(writeEnd);
  closeOnExecFrom(libc, FIRST_FREE_FD);
  if (!duplicateTo(libc, readEnd, FIRST_FREE_FD))
    return fail("io", "the passphrase's pipe could not be kept");
  const { command } = selfProgram();
  const argv = [...command, ...words, PASSPHRASE_FD_OPTION, String(FIRST_FREE_FD)];
  const errno = prepareExecution(libc, command[0], argv, env)();
  return fail("io", `the program could not be started again (${errnoName(errno)})`, { reason: "execve" });
}

/**
 * Reads a passphrase from an inherited descriptor to its end, without one line end after it, and closes it.
 */
export function passphraseFrom(descriptor: number): Result<SecretString, Fault> {
  if (!Number.isSafeInteger(descriptor) || descriptor < 0) return fail("usage", "not a descriptor's number");
  const room = new Uint8Array(new ArrayBuffer(PASSPHRASE_BYTES_MAX + 2));
  let length = 0;
  try {
    if (fstatSync(descriptor).isDirectory()) return fail("usage", "the passphrase's descriptor is a folder");
    for (;;) {
      const count = readSync(descriptor, room, length, room.byteLength - length, null);
      if (count === 0) break;
      length += count;
      if (length === room.byteLength) return fail("limit", "the passphrase is too long");
    }
    closeSync(descriptor);
    if (room[length - 1] === NEWLINE) length -= 1;
    if (length === 0) return fail("usage", "the passphrase is empty");
    return ok(SecretString.take(room.subarray(0, length)));
  } catch (error) {
    return err(ioFault("the passphrase could not be read", error));
  } finally {
    room.fill(0);
  }
}
