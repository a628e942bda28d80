/** Starts a role for real: its plan, the launch stub, the hand-off; and says what confines it. */
import { planFor, type PlannedRole } from "#confine/role-plans.ts";
import { launchRole } from "#confine/start.ts";
import { confinementOf } from "#confine/status.ts";
import type { Fault } from "#contracts/fault.ts";
import type { Wall } from "#contracts/keeper-link.ts";
import type { Result } from "#contracts/result.ts";
import { loadLibc } from "#host/libc.ts";
import type { DataPaths } from "#host/paths.ts";
import { selfProgram } from "#host/self.ts";
import { startBox } from "./box-start.ts";
import type { Handoff } from "./handoffs.ts";
import { OwnProgram } from "./own-program.ts";
import type { RoleProcess } from "./supervisor.ts";

export interface RoleStarter {
  /**
   * Starts the role and hands it `handoff`, which stays the caller's. `extraFds` become its 3, 4, …
   * `required`: it does not start where it cannot be confined.
   */
  start(
    role: PlannedRole,
    handoff: Handoff,
    options: { readonly extraFds: readonly number[]; readonly required: boolean },
  ): Promise<Result<RoleProcess, Fault>>;
  /** True where the launch stub dials the gateway for its peers, and they find it on descriptor 3. */
  readonly dials: boolean;
  /** What confines a process that was started so. */
  walls(pid: number): readonly Wall[];
}

/** Starts roles as processes of this executable, while its file is the one that `sha256` names. */
export function processStarter(places: {
  readonly paths: DataPaths;
  readonly webchatPort: number;
  readonly consolePort: number;
  /** Lower-case hex SHA-256 of the file that we run from. */
  readonly sha256: string;
}): RoleStarter {
  const program = new OwnProgram(selfProgram().command[0], places.sha256);
  return {
    start: async (role, handoff, { extraFds, required }) => {
      const same = program.check();
      if (!same.ok) return same;
      const plan = planFor(role, { ...places, self: selfProgram(), required });
      using box = role.kind === "gateway" ? startBox(places.paths.root, selfProgram()) : undefined;
      return await launchRole(plan, {
        dataRoot: places.paths.root,
        handoff,
        extraFds: box === undefined ? extraFds : [...extraFds, ...box.gatewayFds],
        onExit: () => undefined,
      });
    },
    dials: loadLibc() !== undefined,
    walls: (pid) => confinementOf(pid, loadLibc() !== undefined),
  };
}
