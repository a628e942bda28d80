/** Kernel limits of a child, set by the launch stub before it becomes the program. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Libc } from "#host/libc.ts";
import { systemTasks } from "#host/process-tree.ts";
import { errnoName } from "#host/syscalls.ts";
import type { ProcessLimits } from "./plan.ts";

const RLIMIT = { cpu: 0, fsize: 1, data: 2, core: 4, nproc: 6, nofile: 7 } as const;

/**
 * Sets soft and hard limits; a lower inherited hard limit stays. Core dumps are off: they would hold
 * secrets.
 */
export function applyLimits(libc: Libc, limits: ProcessLimits): Result<void, Fault> {
  const wanted: readonly (readonly [number, number | undefined])[] = [
    [RLIMIT.core, 0],
    [RLIMIT.nofile, limits.openFiles],
    [RLIMIT.fsize, limits.fileBytes],
    [RLIMIT.data, limits.dataBytes],
    [RLIMIT.cpu, limits.cpuSeconds],
    [RLIMIT.nproc, limits.processes === undefined ? undefined : systemTasks() + limits.processes],
  ];
  for (const [resource, value] of wanted) {
    if (value === undefined) continue;
    const now = new BigUint64Array(2);
    libc.call("prlimit64", 0, resource, 0, now);
    const [, hard = 0n] = now;
    const capped = hard < BigInt(value) ? hard : BigInt(value);
    const answer = libc.call("prlimit64", 0, resource, new BigUint64Array([capped, capped]), 0);
    if (answer.value < 0) return fail("io", `a limit could not be set (${errnoName(answer.errno)})`);
  }
  return ok(undefined);
}
