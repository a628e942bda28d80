/** A role that the keeper knows, and what it reports of it. */
import type { PlannedRole } from "#confine/role-plans.ts";
import type { RoleReport, Wall } from "#contracts/keeper-link.ts";
import type { Supervisor } from "./supervisor.ts";

export interface Member {
  role: PlannedRole;
  readonly supervisor: Supervisor;
  /** What confines its process, once it has become its role. */
  walls: readonly Wall[];
  /** Why it failed, as a person is told; empty in every other state. */
  why: string;
  /** What a person was told already: a role that fails again and again says it once. */
  told: string;
}

/** How the role fares, as the gateway and the terminal hear it. */
export function reportOf(name: string, member: Member): RoleReport {
  const { state, pid, sinceMs, exitCode, restarts } = member.supervisor.last;
  const { walls: confinement, role, why } = member;
  return {
    kind: "role",
    role: role.kind,
    peerId: name,
    pid,
    state,
    sinceMs,
    exitCode,
    restarts,
    confinement,
    why,
  };
}
