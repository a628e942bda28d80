/**
 * The MAC over all entries: an entry put back from an older copy, or taken out, is seen
 * (docs/formats/vault.md).
 */
import type { SecretBytes } from "#contracts/secret.ts";
import { hmac, sha256, withDerived } from "./cipher.ts";
import { join, lp, tag, u32 } from "./encoding.ts";
import type { EntryRow } from "./entry.ts";
import type { Header } from "./header.ts";

/**
 * HMAC-SHA-256 over the entries sorted by scope and name, under a key of its own derived from the vault
 * key.
 */
export function entriesMac(
  key: SecretBytes,
  header: Header,
  rows: readonly EntryRow[],
): Uint8Array<ArrayBuffer> {
  const sorted = [...rows].sort((a, b) => order(a.scope, b.scope) || order(a.name, b.name));
  const message = join(
    tag("wirken/vault/entries/v1"),
    u32(header.generation),
    u32(sorted.length),
    ...sorted.map((row) => join(lp(row.scope), lp(row.name), u32(row.version), sha256(row.blob))),
  );
  const info = join(tag("wirken/vault/mac/v1"), header.id);
  return key.use((bytes) => withDerived(bytes, header.salt, info, (macKey) => hmac(macKey, message)));
}

/** Scopes and names are ASCII, so code units sort as bytes do. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
