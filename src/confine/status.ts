/** What confines a process, mechanism by mechanism: for status, doctor and `confinement` rows. */
import { readFileSync } from "node:fs";
import type { Wall } from "#contracts/keeper-link.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { landlockAbi } from "./landlock.ts";

export interface SystemSupport {
  readonly platform: string;
  /** 0 where there is no Landlock. */
  readonly landlockAbi: number;
  readonly seccomp: boolean;
}

/** What this machine can enforce. */
export function systemSupport(libc: Libc | undefined = loadLibc()): SystemSupport {
  return {
    platform: process.platform,
    landlockAbi: libc === undefined ? 0 : landlockAbi(libc),
    seccomp: libc !== undefined && field("self", "Seccomp") !== undefined,
  };
}

/**
 * What is in force for process `pid`. The kernel shows Landlock of no process: it is told from the kernel and from
 * `throughStub`, that we started it through the launch stub, which ends the start where a kernel that has Landlock
 * refuses it.
 */
export function confinementOf(
  pid: number | "self",
  throughStub: boolean,
  support: SystemSupport = systemSupport(),
): readonly Wall[] {
  if (support.platform !== "linux") {
    const detail = "this system has no launch stub";
    return ["no_new_privileges", "seccomp", "landlock"].map((name) => ({ name, inForce: false, detail }));
  }
  const filters = field(pid, "Seccomp_filters") ?? "0";
  const landlock = throughStub && support.landlockAbi > 0;
  return [
    wall("no_new_privileges", field(pid, "NoNewPrivs") === "1", "", "not set"),
    wall(
      "seccomp",
      field(pid, "Seccomp") === "2",
      filters === "1" ? "1 filter" : `${filters} filters`,
      support.seccomp ? "no filter" : "not in this kernel",
    ),
    wall(
      "landlock",
      landlock,
      `ABI ${support.landlockAbi}${support.landlockAbi < 4 ? ", no ports" : ""}`,
      support.landlockAbi === 0 ? "not in this kernel" : "not started through the stub",
    ),
  ];
}

function wall(name: string, inForce: boolean, how: string, why: string): Wall {
  return { name, inForce, detail: inForce ? how : why };
}

function field(pid: number | "self", name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
