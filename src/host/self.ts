/**
 * How to start our own executable again (docs/ARCHITECTURE.md: one file, one role a process).
 * Compiled, it is that executable alone; from source it is Bun, and the entry file must follow.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Linux's name for the very file that the calling process runs, whatever was put in place of its path since. Between
 * fork and execve it still means the parent's file: a child started by this name runs the same bytes as its parent.
 */
const RUNNING = "/proc/self/exe";
/** What a process started by that name is called in lists of processes. */
const SHOWN_NAME = "wirken";

export interface Self {
  /** The words before the role's own: `[wirken]`, or `[bun, src/main.ts]`. */
  readonly command: readonly [string, ...string[]];
  /** Folder of the sources when run from source: confined roles must be able to read it. */
  readonly sourceRoot: string | undefined;
}

/**
 * Describes this program. `entry` is the entry file when run from source (default: the file Bun was started with);
 * a compiled executable ignores it.
 */
export function selfProgram(entry: string = Bun.main): Self {
  const program = process.platform === "linux" && existsSync(RUNNING) ? RUNNING : process.execPath;
  if (Bun.isStandaloneExecutable) return { command: [program], sourceRoot: undefined };
  return { command: [program, entry], sourceRoot: packageRoot(entry) };
}

/** The first word that a program started from `path` is given. */
export function firstWordFor(path: string): string {
  return path === RUNNING ? SHOWN_NAME : path;
}

/** Two levels above `<root>/src/main.ts`; three for a file deeper in `src`: the folder that holds `src`. */
function packageRoot(entry: string): string {
  const cut = entry.lastIndexOf("/src/");
  return cut < 0 ? dirname(entry) : entry.slice(0, cut);
}
