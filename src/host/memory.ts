/** Memory of a process: PSS counts shared pages by their share, so that the roles' figures add up. */
import { readFileSync } from "node:fs";

export interface MemoryUse {
  /** Resident bytes, shared pages counted fully. */
  readonly rssBytes: number;
  /** Proportional bytes; `undefined` where only the process itself may look (it is not dumpable). */
  readonly pssBytes: number | undefined;
}

/** Memory of process `pid`, or of this one; `undefined` when it is gone or the system has no /proc. */
export function memoryOf(pid: number | "self"): MemoryUse | undefined {
  const rollup = readProc(pid, "smaps_rollup");
  if (rollup !== undefined) {
    const rss = kibibytes(rollup, "Rss");
    if (rss !== undefined) return { rssBytes: rss, pssBytes: kibibytes(rollup, "Pss") };
  }
  const rss = kibibytes(readProc(pid, "status") ?? "", "VmRSS");
  return rss === undefined ? undefined : { rssBytes: rss, pssBytes: undefined };
}

function kibibytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1_024;
}

function readProc(pid: number | "self", name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}
