/** What confines a process, mechanism by mechanism: for status, doctor and `confinement` rows. */
import { readFileSync } from "node:fs";
import type { JsonObject } from "#contracts/json.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { landlockAbi } from "./landlock.ts";

/** A mechanism is on, or it is off for a reason a person can read. */
export type Mechanism = { readonly on: true } | { readonly on: false; readonly why: string };

export interface ConfinementStatus {
  readonly noNewPrivileges: Mechanism;
  /** System call filters. */
  readonly seccomp: Mechanism;
  /** Files, TCP ports, signals. The kernel shows it of no process: told from the kernel and from how it was started. */
  readonly landlock: Mechanism;
}

export interface SystemSupport {
  readonly platform: string;
  readonly landlockAbi: number;
  readonly seccomp: boolean;
}

const OFF_LINUX = "this system has no launch stub";

/** What this machine can enforce. */
export function systemSupport(libc: Libc | undefined = loadLibc()): SystemSupport {
  return {
    platform: process.platform,
    landlockAbi: libc === undefined ? 0 : landlockAbi(libc),
    seccomp: libc !== undefined && field("self", "Seccomp") !== undefined,
  };
}

/**
 * What is in force for process `pid`. `throughStub`: we started it through the launch stub, which ends the start
 * when a kernel that has Landlock refuses it.
 */
export function confinementOf(
  pid: number | "self",
  throughStub: boolean,
  support: SystemSupport = systemSupport(),
): ConfinementStatus {
  if (support.platform !== "linux") {
    const off: Mechanism = { on: false, why: OFF_LINUX };
    return { noNewPrivileges: off, seccomp: off, landlock: off };
  }
  return {
    noNewPrivileges: told(field(pid, "NoNewPrivs") === "1", "not set"),
    seccomp: told(field(pid, "Seccomp") === "2", support.seccomp ? "no filter" : "not in this kernel"),
    landlock: told(
      throughStub && support.landlockAbi > 0,
      support.landlockAbi === 0 ? "not in this kernel" : "not started through the stub",
    ),
  };
}

/** The status as a row's payload. */
export function confinementRow(status: ConfinementStatus): JsonObject {
  const word = (mechanism: Mechanism): string => (mechanism.on ? "on" : mechanism.why);
  return {
    no_new_privileges: word(status.noNewPrivileges),
    seccomp: word(status.seccomp),
    landlock: word(status.landlock),
  };
}

function told(on: boolean, why: string): Mechanism {
  return on ? { on: true } : { on: false, why };
}

function field(pid: number | "self", name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
