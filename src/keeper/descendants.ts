/**
 * Nothing outlives the keeper: what its children left behind becomes its own child (it is a subreaper) and
 * is ended with it; what an earlier keeper left behind, killed before it could do so, is ended at the
 * start.
 */
import { readFileSync } from "node:fs";
import { type Libc, loadLibc } from "#host/libc.ts";
import { adoptOrphans, reap } from "#host/process-control.ts";
import { type ProcessFacts, allProcesses, descendantsOf, factsOf, killAll } from "#host/process-tree.ts";
import type { Clock } from "#runtime/clock.ts";

const PAUSE_MS = 10;
const ROUNDS_MAX = 200;
const GUARD_ROUNDS = 100;

/** Orphans become the keeper's children from now on. False where the system has no such thing. */
export function adopt(libc: Libc | undefined = loadLibc()): boolean {
  return libc !== undefined && adoptOrphans(libc);
}

/** Ends every descendant, again until none is left. Returns how many there were. */
export async function endDescendants(clock: Clock, libc: Libc | undefined = loadLibc()): Promise<number> {
  if (libc === undefined) return 0;
  const own = factsOf(process.pid)?.group ?? 0;
  let most = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const all = descendantsOf(process.pid);
    for (const facts of all) if (facts.ended && facts.parent === process.pid) reap(libc, facts.pid);
    const living = all.filter((facts) => !facts.ended);
    most = Math.max(most, living.length);
    if (living.length === 0) return most;
    killAll(living, [own]);
    await clock.sleep(PAUSE_MS);
  }
  return most;
}

/**
 * Ends the guards of tool runs that an earlier keeper of this data folder left behind: they are the only
 * processes of ours that do not die with their parent at once. A guard is told to end, so that it ends its
 * run first. The caller holds the data folder's lock: no other keeper can own them.
 */
export async function endLeftovers(root: string, clock: Clock): Promise<number> {
  const found = guardsOf(root);
  for (const facts of found) signal(facts.pid, "SIGTERM");
  for (let round = 0; round < GUARD_ROUNDS && found.some((facts) => lives(facts)); round++) {
    await clock.sleep(PAUSE_MS);
  }
  for (const facts of found) if (lives(facts)) signal(facts.pid, "SIGKILL");
  return found.length;
}

/**
 * Guards say in their order which workspace they serve. Our own descendants are none of them: there are
 * none yet.
 */
function guardsOf(root: string): readonly ProcessFacts[] {
  return allProcesses().filter((facts) => {
    if (facts.ended || facts.pid === process.pid) return false;
    const words = wordsOf(facts.pid);
    const order = words[words.indexOf("launch") + 1];
    return words.includes("launch") && order !== undefined && servesRoot(order, root);
  });
}

function servesRoot(order: string, root: string): boolean {
  try {
    const value: unknown = JSON.parse(order);
    if (typeof value !== "object" || value === null || !("plan" in value)) return false;
    const plan = value.plan;
    if (typeof plan !== "object" || plan === null || !("cwd" in plan)) return false;
    return typeof plan.cwd === "string" && plan.cwd.startsWith(`${root}/`);
  } catch {
    return false;
  }
}

function wordsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function lives(facts: ProcessFacts): boolean {
  const now = factsOf(facts.pid);
  return now !== undefined && !now.ended;
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    return; // gone, or not ours
  }
}
