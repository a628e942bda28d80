/**
 * How to start our own executable again (docs/ARCHITECTURE.md: one file, one role a process).
 * Compiled, `process.execPath` is that executable; from source it is Bun, and the entry file must follow.
 */
import { dirname } from "node:path";

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
  if (Bun.isStandaloneExecutable) return { command: [process.execPath], sourceRoot: undefined };
  return { command: [process.execPath, entry], sourceRoot: packageRoot(entry) };
}

/** The words of the command line after the program's name, compiled or not. */
export function ownArguments(): readonly string[] {
  return process.argv.slice(2);
}

/** Two levels above `<root>/src/main.ts`; three for a file deeper in `src`: the folder that holds `src`. */
function packageRoot(entry: string): string {
  const cut = entry.lastIndexOf("/src/");
  return cut < 0 ? dirname(entry) : entry.slice(0, cut);
}
