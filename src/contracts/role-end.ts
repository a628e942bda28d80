/**
 * Ends of a role that mean more than "it failed": a closed set, told by the exit code alone, so that the keeper parses
 * no word of a role. Each has its sentence and its remedy here, for the terminal, `wirken status` and the documents.
 */
import { type Fault, FAULT_EXIT, type FaultCode, fault } from "./fault.ts";

export const ROLE_END_NAMES = [
  "port_taken",
  "state_missing",
  "rollback",
  "tail_after_stop",
  "log_replaced",
  "not_confined",
] as const;
export type RoleEndName = (typeof ROLE_END_NAMES)[number];

interface RoleEnd {
  /** Above those of faults; also the exit code of `wirken run` where it ends with it. */
  readonly exit: number;
  readonly code: FaultCode;
  /** True: starting it again cannot help before a person did something. */
  readonly needsPerson: boolean;
  readonly message: string;
  readonly hint: string;
}

/** By the reason of the fault that a role ends with. */
export const ROLE_ENDS = {
  port_taken: {
    exit: 80,
    code: "unavailable",
    needsPerson: false,
    message: "a page's port is taken by another program",
    hint: "end that program, or choose other ports with WIRKEN_WEBCHAT_PORT and WIRKEN_CONSOLE_PORT",
  },
  state_missing: {
    exit: 81,
    code: "refused",
    needsPerson: true,
    message: "the signer does not remember this record, or remembers less than it holds",
    hint: "look at it with `wirken audit verify`, then run `wirken audit accept-state` and start again",
  },
  rollback: {
    exit: 82,
    code: "refused",
    needsPerson: true,
    message: "the record is shorter than what the signer has signed: it was cut back",
    hint: "put the newer file back, or go on with this one: `wirken audit accept-state`, then start again",
  },
  tail_after_stop: {
    exit: 83,
    code: "refused",
    needsPerson: true,
    message: "rows stand in the record after the last orderly stop",
    hint: "look at them with `wirken audit log`, then run `wirken audit accept-tail` and start again",
  },
  log_replaced: {
    exit: 84,
    code: "damaged",
    needsPerson: true,
    message: "the record's file was deleted or replaced while the program ran",
    hint: "put the file back into the folder `audit` if you have it, then start again",
  },
  not_confined: {
    exit: 85,
    code: "unsupported",
    needsPerson: true,
    message: "config.json requires confinement, and this system cannot enforce all of it",
    hint: "see `wirken doctor`; with `confinement` set to `best_effort` it starts with less, and says so",
  },
} as const satisfies Record<RoleEndName, RoleEnd>;

/** The end that an exit code names; `undefined` for every other code. */
export function endOf(exitCode: number): RoleEndName | undefined {
  return ROLE_END_NAMES.find((name) => ROLE_ENDS[name].exit === exitCode);
}

/** The end that a fault's reason names. */
export function endNamed(reason: string | undefined): RoleEndName | undefined {
  return ROLE_END_NAMES.find((name) => name === reason);
}

/** The exit code of a process that ended with the fault. */
export function exitOf(ended: Pick<Fault, "code" | "reason">): number {
  const name = endNamed(ended.reason);
  return name === undefined ? FAULT_EXIT[ended.code] : ROLE_ENDS[name].exit;
}

/** The end as a fault with its sentence and remedy. */
export function endFault(name: RoleEndName): Fault {
  const { code, message, hint } = ROLE_ENDS[name];
  return fault(code, message, { hint, reason: name });
}
