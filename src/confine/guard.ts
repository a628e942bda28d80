/**
 * The guard of one tool run: a process of ours, outside the run's own confinement, that starts the confined
 * program and outlives it by exactly as long as it takes to end every descendant. Orphans cannot leave: the
 * guard adopts them. It bounds time, memory and processes of all of them together, which kernel limits per
 * process do not.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { FAULT_EXIT } from "#contracts/fault.ts";
import type { Libc } from "#host/libc.ts";
import {
  adoptOrphans,
  closeOnExec,
  dieWithParent,
  newSession,
  notDumpable,
  reap,
} from "#host/process-control.ts";
import {
  type ProcessFacts,
  descendantsOf,
  factsOf,
  killAll,
  killGroup,
  systemTasks,
} from "#host/process-tree.ts";
import { type Self, selfProgram } from "#host/self.ts";
import { stopSignal } from "#host/signals.ts";
import { type Child, spawnChild } from "#host/spawn.ts";
import { systemClock } from "#runtime/clock.ts";
import { type LaunchOrder, encodeOrder } from "./launch-order.ts";
import { networkPrefix } from "./namespaces.ts";
import type { GuardLimits } from "./tool-plan.ts";

/** Why a run ended before its program did. */
export type GuardVerdict = "none" | "time" | "memory" | "processes" | "stopped";

/** What the guard writes to descriptor 3 at its end, as JSON. */
export interface GuardReport {
  readonly verdict: GuardVerdict;
  readonly code: number | null;
  readonly signal: string | null;
  /** Descendants that were still alive when the program had ended. */
  readonly leftovers: number;
}

const REPORT_FD = 3;
/** The values of a plan's secret variables, passed on unread. */
const SECRETS_FD = 4;
const SIGTERM = 15;
/**
 * Looks at the system's number of tasks between two looks at the tree: a fork bomb doubles within
 * milliseconds.
 */
const GLANCES = 5;
const KILL_PAUSE_MS = 5;

/** Runs the order's program under guard. Returns the guard's exit code: 0 when the report was written. */
export async function guardRun(libc: Libc, order: LaunchOrder, limits: GuardLimits): Promise<number> {
  newSession(libc);
  notDumpable(libc);
  closeOnExec(libc, REPORT_FD);
  adoptOrphans(libc);
  dieWithParent(libc, SIGTERM);
  using stop = stopSignal();
  if (process.ppid !== order.parent) return FAULT_EXIT.unavailable;
  const started = startProgram(order);
  if (started === undefined) return FAULT_EXIT.io;
  const verdict = await watch(libc, started, limits, stop.signal);
  const leftovers = await endAll(libc, started);
  const status = await started.exited;
  const report: GuardReport = {
    verdict,
    code: status.code ?? null,
    signal: status.signal ?? null,
    leftovers,
  };
  writeSync(REPORT_FD, JSON.stringify(report));
  return 0;
}

function startProgram(order: LaunchOrder): Child | undefined {
  const secrets = (order.plan.secretEnv ?? []).length > 0 ? [SECRETS_FD] : [];
  const { door } = order;
  const given = door === undefined ? secrets : [...secrets, door.descriptor];
  const there = door === undefined ? {} : { door: { ...door, descriptor: REPORT_FD + secrets.length } };
  const inner = encodeOrder({ plan: order.plan, parent: process.pid, keepFds: 0, ...there });
  if (!inner.ok) return undefined;
  const { command } = selfProgram();
  const isAlone = order.plan.network.listener !== undefined;
  if (isAlone) given.push(openSync(command[0], "r"));
  const stub = isAlone ? stubInNetwork(command, REPORT_FD + given.length - 1) : command;
  const child =
    stub === undefined
      ? undefined
      : spawnChild({
          argv: [...stub, "launch", inner.value],
          env: {},
          cwd: "/",
          stdin: 0,
          stdout: "inherit",
          stderr: "inherit",
          extraFds: given,
        });
  for (const descriptor of given) closeSync(descriptor);
  return child?.ok === true ? child.value : undefined;
}

/**
 * The stub's words in an empty network. Behind another program ours has no name of its own: it is found by
 * an open file, which the stub closes. `undefined`: this system cannot.
 */
function stubInNetwork(
  [, ...words]: Self["command"],
  descriptor: number,
): readonly [string, ...string[]] | undefined {
  const prefix = networkPrefix();
  return prefix.ok ? [...prefix.value, `/proc/self/fd/${descriptor}`, ...words] : undefined;
}

/** Waits for the program's end or the first broken bound. */
async function watch(
  libc: Libc,
  child: Child,
  limits: GuardLimits,
  stop: AbortSignal,
): Promise<GuardVerdict> {
  const deadline = systemClock.monotonic() + limits.msMax;
  const ended = child.exited.then(() => true);
  const tasks = systemTasks();
  for (let glance = 0; ; glance++) {
    if (stop.aborted) return "stopped";
    if (systemClock.monotonic() >= deadline) return "time";
    const rising = systemTasks() - tasks > limits.processesMax / 2;
    const due = glance % GLANCES === 0;
    const broken = rising || due ? brokenBound(libc, child, limits) : "none";
    if (broken !== "none") {
      killGroup(child.pid); // before anything is listed: the kernel ends the whole group at once
      return broken;
    }
    const pause = Promise.withResolvers<boolean>();
    const wake = (): void => pause.resolve(false);
    const cancel = systemClock.after(limits.watchMs / GLANCES, wake); // a sleep would hold up the guard's end
    stop.addEventListener("abort", wake, { once: true });
    const over = await Promise.race([ended, pause.promise]);
    stop.removeEventListener("abort", wake);
    cancel();
    if (over) return "none";
  }
}

function brokenBound(libc: Libc, child: Child, limits: GuardLimits): "none" | "memory" | "processes" {
  const all = descendantsOf(process.pid);
  collectOrphans(libc, child, all);
  const living = all.filter((facts) => !facts.ended);
  if (living.length > limits.processesMax) return "processes";
  return living.reduce((sum, facts) => sum + facts.rssBytes, 0) > limits.memoryBytesMax ? "memory" : "none";
}

/** Ended orphans became the guard's children; nobody else would collect them. */
function collectOrphans(libc: Libc, child: Child, all: readonly ProcessFacts[]): void {
  for (const facts of all) {
    if (facts.ended && facts.parent === process.pid && facts.pid !== child.pid) reap(libc, facts.pid);
  }
}

/** Ends every descendant, again until none is left. Returns how many outlived the program. */
async function endAll(libc: Libc, child: Child): Promise<number> {
  const own = factsOf(process.pid)?.group ?? 0;
  let leftovers = 0;
  for (;;) {
    const all = descendantsOf(process.pid);
    const living = all.filter((facts) => !facts.ended);
    leftovers = Math.max(leftovers, living.filter((facts) => facts.pid !== child.pid).length);
    collectOrphans(libc, child, all);
    if (living.length === 0) return leftovers;
    killAll(living, [own]);
    await systemClock.sleep(KILL_PAUSE_MS);
  }
}
