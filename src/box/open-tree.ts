/**
 * A folder's tree, walked over open folders: every step starts from a descriptor and follows no link, so that nobody
 * who changes names meanwhile can lead out of it.
 */
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync } from "node:fs";
import type { BigIntStats } from "node:fs";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const DEPTH_MAX = 96;

/** One name of the tree. */
export interface Found {
  /** Relative to the root, its names joined by `/`. */
  readonly path: string;
  /** A name for the entry that holds as long as the visit lasts, whatever is renamed. */
  readonly at: string;
  readonly stats: BigIntStats;
  /** Where a link points to; empty for others. */
  readonly target: string;
}

/** Why a walk stopped before its end, as the rest of a sentence. */
export type Stop = string;

/**
 * Visits what lies below `root`, folders before what is in them, until `visit` answers a reason to stop.
 * @returns why it stopped, or `undefined` at the end.
 */
export function walkTree(root: string, visit: (found: Found) => Stop | undefined): Stop | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(root, FOLDER);
  } catch {
    return "a folder cannot be read";
  }
  return walk(descriptor, "", 0, visit);
}

/** Takes over `descriptor`. */
function walk(
  descriptor: number,
  prefix: string,
  depth: number,
  visit: (found: Found) => Stop | undefined,
): Stop | undefined {
  try {
    if (depth > DEPTH_MAX) return "folders lie too deep";
    const here = `/proc/self/fd/${descriptor}`;
    for (const name of readdirSync(here)) {
      const at = `${here}/${name}`;
      const stats = lstatSync(at, { bigint: true, throwIfNoEntry: false });
      // Gone between the two looks; or a name that is not text, which no list of ours could hold.
      if (stats === undefined && name.includes("\ufffd")) return "a name is not text";
      if (stats === undefined) continue;
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const stop = visit({ path, at, stats, target: stats.isSymbolicLink() ? readlinkSync(at) : "" });
      if (stop !== undefined) return stop;
      if (!stats.isDirectory()) continue;
      const below = walk(openSync(at, FOLDER), path, depth + 1, visit);
      if (below !== undefined) return below;
    }
    return undefined;
  } catch {
    return "a folder cannot be read";
  } finally {
    closeSync(descriptor);
  }
}
