/** A process and what descends from it, read from Linux's /proc, and ending all of it. */
import { readFileSync, readdirSync } from "node:fs";

export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** An ended process that its parent has not collected. */
  readonly ended: boolean;
  readonly rssBytes: number;
}

const PAGE_BYTES = 4_096;

/** Every process of the system that this one may see. Empty without /proc. */
export function allProcesses(): readonly ProcessFacts[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (factsOf(Number(name)) ?? []) : []));
}

/** All living and ended descendants of `pid`, children before grandchildren. */
export function descendantsOf(pid: number): readonly ProcessFacts[] {
  const children = Map.groupBy(allProcesses(), (facts) => facts.parent);
  const found: ProcessFacts[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const child of children.get(next) ?? []) {
      found.push(child);
      queue.push(child.pid);
    }
  }
  return found;
}

/**
 * Sends SIGKILL to processes, whole process groups first: the kernel then kills a group at once, and a program that
 * forks without end cannot outrun it. Groups in `spare` are never signalled as groups.
 */
export function killAll(processes: readonly ProcessFacts[], spare: readonly number[]): void {
  const groups = new Set(processes.map((facts) => facts.group));
  for (const group of groups) if (group > 1 && !spare.includes(group)) signalKill(-group);
  for (const facts of processes) signalKill(facts.pid);
}

/** How many tasks the whole system runs; 0 where it does not say. One short read, however many there are. */
export function systemTasks(): number {
  try {
    return Number(/\d+\/(\d+)/.exec(readFileSync("/proc/loadavg", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What /proc says of one process; `undefined` when it is gone. */
export function factsOf(pid: number): ProcessFacts | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name is in parentheses and may hold anything; what follows the last one is plain.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    ended: fields[0] === "Z" || fields[0] === "X",
    rssBytes: Number(fields[21]) * PAGE_BYTES,
  };
}

/** The real user of a process; `undefined` when it is gone. */
export function uidOf(pid: number): number | undefined {
  try {
    const uid = /^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** SIGKILL to a whole process group. */
export function killGroup(group: number): void {
  if (group > 1) signalKill(-group);
}

function signalKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // gone already
  }
}
