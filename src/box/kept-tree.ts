/**
 * The state of an agent's folders before and after a boxed command: which names there are, and by their hash the bytes
 * of every file, kept. What did not change since the last look is not read again: size, inode and both times tell.
 */
import type { BigIntStats } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { KeptObjects } from "./kept-objects.ts";
import { type Found, walkTree } from "./open-tree.ts";

export type Entry =
  | { readonly kind: "folder"; readonly mode: number }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "file"; readonly mode: number; readonly sha256: string; readonly stamp: string };

/** A folder's names and what each is. */
export interface Tree {
  readonly root: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface TreeBounds {
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly fileBytesMax: number;
}

export const TREE_BOUNDS: TreeBounds = {
  entriesMax: LIMITS.box_kept_entries_max,
  bytesMax: LIMITS.box_kept_bytes_max,
  fileBytesMax: LIMITS.box_kept_file_bytes_max,
};

const MODE_BITS = 0o7777n;

/**
 * Why the folders at `roots` cannot be kept whole, as the rest of a sentence; `undefined` when they can. Looks at names
 * and sizes alone.
 */
export function reasonNotKept(
  roots: readonly string[],
  bounds: TreeBounds = TREE_BOUNDS,
): string | undefined {
  const meter = new Meter(bounds);
  for (const root of roots) {
    const stop = walkTree(root, (found) => meter.take(found));
    if (stop !== undefined) return stop;
  }
  return undefined;
}

/**
 * Keeps the folders at `roots`. `before`: what an earlier call returned, to read only what changed. Fails with `limit`
 * and a sentence where something cannot be kept.
 */
export function keepTrees(
  roots: readonly string[],
  before: readonly Tree[],
  objects: KeptObjects,
  bounds: TreeBounds = TREE_BOUNDS,
): Result<readonly Tree[], Fault> {
  const meter = new Meter(bounds);
  const trees: Tree[] = [];
  for (const root of roots) {
    const known = before.find((tree) => tree.root === root)?.entries;
    const entries = new Map<string, Entry>();
    const stop = walkTree(root, (found) => {
      const full = meter.take(found);
      if (full !== undefined) return full;
      const entry = entryOf(found, known?.get(found.path), objects, bounds);
      if (entry === undefined) return "a file cannot be read";
      entries.set(found.path, entry);
      return undefined;
    });
    if (stop !== undefined) return fail("limit", `the agent's files cannot be kept: ${stop}`);
    trees.push({ root, entries });
  }
  return ok(trees);
}

/** Every hash that the trees name. */
export function hashesOf(trees: readonly Tree[]): ReadonlySet<string> {
  const hashes = new Set<string>();
  for (const { entries } of trees) {
    for (const entry of entries.values()) if (entry.kind === "file") hashes.add(entry.sha256);
  }
  return hashes;
}

function entryOf(
  { at, stats, target }: Found,
  known: Entry | undefined,
  objects: KeptObjects,
  bounds: TreeBounds,
): Entry | undefined {
  const mode = Number(stats.mode & MODE_BITS);
  if (stats.isDirectory()) return { kind: "folder", mode };
  if (stats.isSymbolicLink()) return { kind: "link", target };
  const stamp = stampOf(stats);
  if (known?.kind === "file" && known.stamp === stamp) return known;
  const kept = objects.keepFile(at, bounds.fileBytesMax);
  return kept.ok ? { kind: "file", mode, sha256: kept.value, stamp } : undefined;
}

/** The change time cannot be set by anyone's wish: while all of this is the same, bytes and mode are. */
function stampOf(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(" ");
}

/** Counts what a walk meets and says when it is too much. */
class Meter {
  readonly #bounds: TreeBounds;
  #entries = 0;
  #bytes = 0n;

  constructor(bounds: TreeBounds) {
    this.#bounds = bounds;
  }

  take({ stats }: Found): string | undefined {
    const { entriesMax, bytesMax, fileBytesMax } = this.#bounds;
    this.#entries += 1;
    if (this.#entries > entriesMax) return `there are more than ${entriesMax} files and folders`;
    if (stats.isDirectory() || stats.isSymbolicLink()) return undefined;
    if (!stats.isFile()) return "there is a special file";
    if (stats.size > BigInt(fileBytesMax)) return `a file is larger than ${mebibytes(fileBytesMax)}`;
    this.#bytes += stats.size;
    return this.#bytes > BigInt(bytesMax) ? `they are larger than ${mebibytes(bytesMax)}` : undefined;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`;
}
