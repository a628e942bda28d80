/**
 * What the operator does with credentials, as functions for the CLI: add, rotate, list, remove. Values come
 * in as bytes from a stream or a file, never as a word of the command line.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { readFileBounded } from "#host/files.ts";
import { readBounded } from "./bounded-stream.ts";
import { type EntryInfo, VALUE_BYTES_MAX } from "./entry.ts";
import type { NewEntry } from "./new-entry.ts";
import type { Vault } from "./vault.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Stores a new credential. `refused` with reason `exists` when there is one of that scope and name. */
export function addCredential(vault: Vault, entry: NewEntry): Result<EntryInfo, Fault> {
  const known = vault.has(entry.scope, entry.name);
  if (!known.ok) return known;
  if (known.value) {
    return fail("refused", "there is a credential of that name already", {
      reason: "exists",
      hint: "wirken credentials rotate replaces it",
    });
  }
  return vault.put(entry);
}

/** Replaces a credential's value; the kind stays, origins stay unless named, `expiresMs` is the new value's. */
export function rotateCredential(
  vault: Vault,
  change: Pick<NewEntry, "scope" | "name" | "value" | "expiresMs" | "origins">,
): Result<EntryInfo, Fault> {
  const list = vault.list();
  if (!list.ok) return list;
  const before = list.value.find((info) => info.scope === change.scope && info.name === change.name);
  if (before === undefined) {
    return fail("not_found", "the vault has no such credential", {
      reason: "no_entry",
      hint: "wirken credentials list shows what there is",
    });
  }
  return vault.put({ ...change, kind: before.kind, origins: change.origins ?? before.origins });
}

/**
 * What the vault holds, without values. Keys that the program made for itself are left out unless `own` is
 * set.
 */
export function listCredentials(vault: Vault, own = false): Result<readonly EntryInfo[], Fault> {
  const list = vault.list();
  if (!list.ok || own) return list;
  return { ok: true, value: list.value.filter((info) => info.kind !== OWN_KIND) };
}

/** Kind of the seeds that the program makes for itself: its signing and handshake keys. */
export const OWN_KIND = "seed";

/** Removes a credential. The program's own seeds stay: without them the log could not be continued. */
export function removeCredential(vault: Vault, scope: string, name: string): Result<EntryInfo, Fault> {
  const list = vault.list();
  if (!list.ok) return list;
  const info = list.value.find((candidate) => candidate.scope === scope && candidate.name === name);
  if (info?.kind === OWN_KIND && scope === "sign") {
    return fail("refused", "a signing key is not removed: the record could not be continued", {
      reason: "own_key",
    });
  }
  return vault.remove(scope, name);
}

/** A value from a stream (stdin), without the line end that a shell puts after it. The caller disposes it. */
export async function credentialFromStream(
  stream: ReadableStream<Uint8Array>,
): Promise<Result<SecretBytes, Fault>> {
  const bytes = await readBounded(stream, VALUE_BYTES_MAX + 2);
  if (bytes === undefined) return fail("limit", `a value has at most ${VALUE_BYTES_MAX} bytes`);
  return takeValue(bytes);
}

/** A value from a file. The caller disposes it. */
export function credentialFromFile(path: string): Result<SecretBytes, Fault> {
  const bytes = readFileBounded(path, VALUE_BYTES_MAX + 2);
  return bytes.ok ? takeValue(bytes.value) : bytes;
}

/** Takes the value over: `bytes` are zeroed. */
function takeValue(bytes: Uint8Array): Result<SecretBytes, Fault> {
  let end = bytes.byteLength;
  if (bytes[end - 1] === NEWLINE) end -= 1;
  if (end < bytes.byteLength && bytes[end - 1] === RETURN) end -= 1;
  const value = SecretBytes.take(bytes.subarray(0, end));
  bytes.fill(0);
  if (value.length > 0) return { ok: true, value };
  return fail("usage", "the value is empty", { hint: "give it on standard input" });
}
