/** The difference between two states of an agent's folders, and its list as bytes. */
import { type Fault, fail } from "#contracts/fault.ts";
import {
  type KeptChange,
  type KeptChanges,
  type KeptEntry,
  keptChangesSchema,
} from "#contracts/kept-changes.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Entry, Tree } from "./kept-tree.ts";

export const CHANGES_BYTES_MAX = 64 * 1_048_576;

/** What differs, by path. Times alone are no change. */
export function changesBetween(before: readonly Tree[], after: readonly Tree[]): readonly KeptChange[] {
  return after.flatMap(({ root, entries }) => {
    const old = before.find((tree) => tree.root === root)?.entries ?? new Map<string, Entry>();
    const paths = [...new Set([...old.keys(), ...entries.keys()])].sort();
    return paths.flatMap((path): KeptChange[] => {
      const was = plain(old.get(path));
      const is = plain(entries.get(path));
      return sameEntry(was, is) ? [] : [{ root, path, before: was, after: is }];
    });
  });
}

/** True when both are the same kind with the same content and mode, or both absent. */
export function sameEntry(a: KeptEntry | null, b: KeptEntry | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === "link") return b.kind === "link" && a.target === b.target;
  if (a.kind === "folder") return b.kind === "folder" && a.mode === b.mode;
  return b.kind === "file" && a.mode === b.mode && a.sha256 === b.sha256;
}

export function encodeChanges(changes: readonly KeptChange[]): Uint8Array {
  const list: KeptChanges = { version: 1, changes: [...changes] };
  return new TextEncoder().encode(JSON.stringify(list));
}

/** Fails with `damaged` for bytes that are no such list. */
export function decodeChanges(bytes: Uint8Array): Result<readonly KeptChange[], Fault> {
  try {
    const parsed = keptChangesSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (parsed.success) return ok(parsed.data.changes);
  } catch {
    return fail("damaged", "the list of changes is not JSON");
  }
  return fail("damaged", "the list of changes does not fit");
}

function plain(entry: Entry | undefined): KeptEntry | null {
  if (entry === undefined) return null;
  if (entry.kind !== "file") return entry;
  return { kind: "file", mode: entry.mode, sha256: entry.sha256 };
}
