/**
 * Nothing outlives the keeper: what its children left behind becomes its own child (it is a subreaper) and
 * is ended with it; what an earlier keeper left behind, killed before it could do so, is ended at the
 * start.
 */
import { readFileSync } from "node:fs";
import { isJsonObject } from "#contracts/json.ts";
import { type HeldProcess, holdProcess } from "#host/held-process.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { adoptOrphans, reap } from "#host/process-control.ts";
import { allProcesses, descendantsOf, factsOf, killAll, uidOf } from "#host/process-tree.ts";
import { type RunMark, bootId, fileIdentity } from "#host/run-mark.ts";
import { selfProgram } from "#host/self.ts";
import type { Clock } from "#runtime/clock.ts";

const PAUSE_MS = 10;
const ROUNDS_MAX = 200;
const GUARD_ROUNDS = 100;
const SIGTERM = 15;
const SIGKILL = 9;

/** Orphans become the keeper's children from now on. False where the system has no such thing. */
export function adopt(libc: Libc | undefined = loadLibc()): boolean {
  return libc !== undefined && adoptOrphans(libc);
}

/** Ends every descendant, again until none is left. Returns how many there were. */
export async function endDescendants(clock: Clock, libc: Libc | undefined = loadLibc()): Promise<number> {
  if (libc === undefined) return 0;
  const own = factsOf(process.pid)?.group ?? 0;
  const ended = new EndedOrphans();
  let most = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    ended.collect(libc);
    const all = descendantsOf(process.pid);
    const living = all.filter((facts) => !facts.ended);
    most = Math.max(most, living.length);
    if (living.length === 0) return most;
    killAll(living, [own]);
    await clock.sleep(PAUSE_MS);
  }
  return most;
}

/**
 * Orphans that ended stay in the system's table until the keeper, who adopted them, asks for them: the
 * guards of a role that died do. Only what was seen ended by an earlier look too is collected: the end of a
 * child that the keeper started itself is taken by the runtime in between.
 */
export class EndedOrphans {
  #seen: readonly number[] = [];

  /** Looks, and collects. Returns how many were collected. */
  collect(libc: Libc | undefined = loadLibc()): number {
    if (libc === undefined) return 0;
    const ended = descendantsOf(process.pid)
      .filter((facts) => facts.ended && facts.parent === process.pid)
      .map(({ pid }) => pid);
    const old = ended.filter((pid) => this.#seen.includes(pid));
    for (const pid of old) reap(libc, pid);
    this.#seen = ended;
    return old.length;
  }
}

/**
 * Ends the guards of tool runs that an earlier keeper of this data folder left behind: they are the only
 * processes of ours that do not die with their parent at once. A guard is told to end, so that it ends its
 * run first. The caller holds the data folder's lock: no other keeper can own them. Nothing is looked for
 * after a keeper that ended by itself, or after a restart of the system.
 *
 * A number can have gone to another program since: each process is held by a descriptor of its own (pidfd)
 * before it is looked at, so that what was seen and what is signalled is the same one.
 */
export async function endLeftovers(
  root: string,
  former: RunMark | undefined,
  clock: Clock,
  libc: Libc | undefined = loadLibc(),
): Promise<number> {
  if (libc === undefined || former?.kind !== "running" || former.boot !== bootId()) return 0;
  const programs = [former.program, fileIdentity(selfProgram().command[0])];
  const found = guardsOf(root, programs, libc);
  for (const guard of found) guard.signal(SIGTERM);
  for (let round = 0; round < GUARD_ROUNDS && found.some((guard) => lives(guard.pid)); round++) {
    await clock.sleep(PAUSE_MS);
  }
  for (const guard of found) {
    guard.signal(SIGKILL);
    guard[Symbol.dispose]();
  }
  return found.length;
}

/** Orphaned guards of the data folder. Our own descendants are none of them: there are none yet. */
function guardsOf(
  root: string,
  programs: readonly (string | undefined)[],
  libc: Libc,
): readonly HeldProcess[] {
  return allProcesses().flatMap((facts) => {
    if (facts.ended || facts.pid === process.pid) return [];
    if (orderedBy(facts.pid, root) === undefined) return []; // a quick look first: most processes are not worth holding
    const held = holdProcess(libc, facts.pid);
    if (held === undefined) return [];
    const orderer = orderedBy(facts.pid, root);
    const parent = factsOf(facts.pid)?.parent;
    const isOrphan = orderer !== undefined && parent !== orderer;
    if (isOrphan && isOurs(facts.pid, programs) && held.lives()) return [held];
    held[Symbol.dispose]();
    return [];
  });
}

/**
 * True for a process of this user that runs one of the programs. A guard is not dumpable, so only root may
 * see what it runs; from everyone else the kernel hides it, which it does for no ordinary program.
 */
function isOurs(pid: number, programs: readonly (string | undefined)[]): boolean {
  const uid = process.getuid?.() ?? -1;
  if (uidOf(pid) !== uid) return false;
  const program = fileIdentity(`/proc/${pid}/exe`);
  return program === undefined ? uid !== 0 : programs.includes(program);
}

/**
 * The process that gave the order to a guard, when `pid` is one that serves a workspace of `root`. Guards
 * say in their order whom and what they serve.
 */
function orderedBy(pid: number, root: string): number | undefined {
  const words = wordsOf(pid);
  const at = words.indexOf("launch");
  const order = at < 0 ? undefined : words[at + 1];
  if (order === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(order);
    if (!isJsonObject(value) || !isJsonObject(value["plan"])) return undefined;
    const { cwd } = value["plan"];
    const serves = typeof cwd === "string" && cwd.startsWith(`${root}/`);
    return serves && typeof value["parent"] === "number" ? value["parent"] : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function lives(pid: number): boolean {
  const now = factsOf(pid);
  return now !== undefined && !now.ended;
}
