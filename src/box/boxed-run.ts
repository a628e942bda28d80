/**
 * One command in its box, from start to the end of its last process. The box role is its guard: it bounds time, memory,
 * processes and the disk, and ends the box by ending its first process, with which the kernel ends the rest.
 */
import { closeSync, openSync, statfsSync } from "node:fs";
import type { BoxReport } from "#contracts/box-link.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import { encodeOrder } from "#confine/launch-order.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import { ensureFolder } from "#host/files.ts";
import { descendantsOf, factsOf, killAll } from "#host/process-tree.ts";
import type { Self } from "#host/self.ts";
import { type Child, spawnChild } from "#host/spawn.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Prefix } from "#confine/namespaces.ts";

export interface RunPorts {
  readonly clock: Clock;
  readonly self: Self;
  readonly prefix: Prefix;
  /** Where the listener of a box goes, when its plan has one. */
  readonly door?: { readonly descriptor: number; readonly tag: number };
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** A piece of output, as it comes; the next is read once this has resolved. */
  readonly onOutput: (bytes: Uint8Array) => Promise<void>;
}

type Verdict = BoxReport["verdict"];

const WATCH_MS = 20;
/** Each so many looks, the whole tree is measured. */
const MEASURE_EVERY = 5;
const KILL_PAUSE_MS = 5;
/** The first process of a box has no parent that it could see. */
const NO_PARENT = 0;
/** Where the programs that make the namespaces find the stub; the stub closes it before the command begins. */
const OWN_PROGRAM = "/proc/self/fd/3";
/** The door's number in the stub. */
const DOOR_THERE = 4;

/** Runs `plan`. Resolves when every process of it has ended and all output was taken. */
export async function runBoxed(plan: LaunchPlan, ports: RunPorts): Promise<Result<BoxReport, Fault>> {
  for (const rule of plan.paths) {
    const made = rule.make === "folder" ? ensureFolder(rule.path) : ok(undefined);
    if (!made.ok) return made;
  }
  const { door } = ports;
  const given = door === undefined ? {} : { door: { descriptor: DOOR_THERE, tag: door.tag } };
  const order = encodeOrder({ plan, parent: NO_PARENT, keepFds: 0, ...given });
  if (!order.ok) return order;
  const spawned = startStub(order.value, ports);
  if (!spawned.ok) return spawned;
  const child = spawned.value;
  if (child.stdout === undefined || child.stderr === undefined) return fail("io", "a box without pipes");
  const taken = Promise.all([child.stdout, child.stderr].map((stream) => take(stream, ports.onOutput)));
  const verdict = await watch(child, plan.cwd, ports);
  if (verdict !== "none") await endAll(child, ports.clock);
  const status = await child.exited;
  await taken;
  return ok({ verdict, code: status.code ?? null, signal: status.signal ?? null });
}

/** The stub is started from our own open file: its path could be another's by the time that namespaces are made. */
function startStub(order: string, { prefix, self, door }: RunPorts): Result<Child, Fault> {
  const [program, ...words] = self.command;
  const own = openSync(program, "r");
  try {
    return spawnChild({
      argv: [...prefix, OWN_PROGRAM, ...words, "launch", order],
      env: {},
      cwd: "/",
      stdout: "pipe",
      stderr: "pipe",
      extraFds: door === undefined ? [own] : [own, door.descriptor],
    });
  } finally {
    closeSync(own);
  }
}

/** Waits for the end of the box or the first broken bound. */
async function watch(child: Child, cwd: string, { clock, signal }: RunPorts): Promise<Verdict> {
  const deadline = clock.monotonic() + LIMITS.exec_ms_max;
  const disk = freeBytes(cwd);
  const ended = child.exited.then(() => true);
  for (let look = 1; ; look++) {
    const pause = Promise.withResolvers<boolean>();
    const late = clock.after(WATCH_MS, () => pause.resolve(false));
    const isOver = await Promise.race([ended, pause.promise]);
    late();
    if (isOver) return "none";
    if (signal.aborted) return "stopped";
    if (clock.monotonic() >= deadline) return "time";
    if (look % MEASURE_EVERY !== 0) continue;
    const broken = brokenBound(child.pid, cwd, disk);
    if (broken !== "none") return broken;
  }
}

function brokenBound(pid: number, cwd: string, diskAtStart: number): Verdict {
  const living = descendantsOf(pid).filter((facts) => !facts.ended);
  if (living.length > LIMITS.exec_processes_max) return "processes";
  const memory = living.reduce((sum, facts) => sum + facts.rssBytes, 0);
  if (memory > LIMITS.exec_memory_bytes_max) return "memory";
  const free = freeBytes(cwd);
  const least = Math.max(diskAtStart - LIMITS.box_disk_bytes_max, LIMITS.box_disk_left_bytes_min);
  return free < Math.min(least, diskAtStart) ? "disk" : "none";
}

/** Free space where the workspace lies; nothing is known of a folder that is gone. */
function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}

/** Ends what is in the box; what started it then ends by itself, and tells how. */
async function endAll(child: Child, clock: Clock): Promise<void> {
  // Until the stub has a session of its own it shares ours.
  const own = factsOf(process.pid)?.group ?? 0;
  while (child.running()) {
    const living = descendantsOf(child.pid).filter((facts) => !facts.ended);
    if (living.length === 0) child.kill("SIGKILL");
    else killAll(living, [own]);
    await Promise.race([child.exited, clock.sleep(KILL_PAUSE_MS)]);
  }
}

async function take(
  stream: ReadableStream<Uint8Array>,
  onOutput: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    await onOutput(value);
  }
}
