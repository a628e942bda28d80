/**
 * The launch plan of one tool run: its workspace, a private folder for temporary files, the system; no
 * secret.
 */
import { LIMITS } from "#contracts/limits.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import type { LaunchPlan } from "./plan.ts";
import { SYSTEM_RULES } from "./system-paths.ts";

export interface ToolFacts {
  /** Real path of the executable. */
  readonly program: string;
  /** The command, its name first. */
  readonly argv: readonly [string, ...string[]];
  /** Where it starts: in the workspace. */
  readonly cwd: string;
  readonly workspace: string;
  /** Made for this run, removed after it. */
  readonly temporary: string;
  /** False: no IPv4 or IPv6 socket. */
  readonly network: boolean;
  readonly required: boolean;
}

/**
 * The plan of a tool run. With `network` it reaches every host and port: there is no broker between. Memory
 * is bounded by the guard, not by RLIMIT_DATA: several language runtimes reserve gigabytes that they never
 * touch.
 */
export function toolPlan(facts: ToolFacts): LaunchPlan {
  return {
    role: "tool",
    program: facts.program,
    args: facts.argv,
    env: {
      PATH: SYSTEM_PATH,
      HOME: facts.workspace,
      TMPDIR: facts.temporary,
      LANG: "C.UTF-8",
      TERM: "dumb",
    },
    cwd: facts.cwd,
    paths: [
      ...SYSTEM_RULES,
      { path: facts.program, rights: "run" },
      { path: facts.workspace, rights: "work", make: "folder" },
      { path: facts.temporary, rights: "write", make: "folder" },
    ],
    network: { connect: "any", bind: facts.network ? "any" : [], sockets: facts.network ? "any" : "none" },
    unixSockets: "none",
    startsPrograms: true,
    limits: {
      openFiles: 1_024,
      fileBytes: LIMITS.exec_file_bytes_max,
      processes: LIMITS.exec_processes_max,
      cpuSeconds: Math.ceil(LIMITS.exec_ms_max / 1_000),
    },
    handoff: [],
    required: facts.required,
  };
}

/** Bounds that the guard of a tool run enforces over all its processes together. */
export interface GuardLimits {
  readonly msMax: number;
  readonly memoryBytesMax: number;
  readonly processesMax: number;
  /**
   * Between two looks at the whole tree; a fifth of it between two looks at how many tasks the system runs.
   */
  readonly watchMs: number;
}

export const TOOL_GUARD: GuardLimits = {
  msMax: LIMITS.exec_ms_max,
  memoryBytesMax: LIMITS.exec_memory_bytes_max,
  processesMax: LIMITS.exec_processes_max,
  watchMs: 100,
};
