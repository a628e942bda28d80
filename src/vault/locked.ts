/**
 * Keeps a secret's page out of the swap file. What the buffer's page holds beside it is locked, too; the
 * lock ends with the process. Where the system refuses (no Linux, RLIMIT_MEMLOCK spent) the secret is used
 * as it is.
 */
import type { SecretBytes } from "#contracts/secret.ts";
import { type Libc, loadLibc } from "#host/libc.ts";

/** Locks the secret's memory. True when the system did it. */
export function lockInMemory(secret: SecretBytes, libc: Libc | undefined = loadLibc()): boolean {
  if (libc === undefined) return false;
  return secret.use((bytes) => libc.call("mlock", bytes, bytes.byteLength).value === 0);
}
