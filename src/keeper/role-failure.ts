/** What becomes of a role that ended for a reason with a name (contracts/role-end.ts): who is told, and how often. */
import type { Fault } from "#contracts/fault.ts";
import { ROLE_ENDS } from "#contracts/role-end.ts";
import type { KeeperEvent } from "./events.ts";
import type { Member } from "./member.ts";
import { type HolderOf, type PagePorts, failureOf } from "./page-ports.ts";
import type { StateChange } from "./supervisor.ts";

export interface FailurePorts {
  readonly facts: PagePorts;
  /** Who listens on a port that a page needs. */
  readonly holderOf: HolderOf;
  readonly onEvent: (event: KeeperEvent) => void;
  /** A role ended for a reason that a person must deal with: it is not started again. */
  readonly onHalt: (fault: Fault) => void;
}

/**
 * Why the role failed, empty in every other state. A person is told once, until the role has run again; what only a
 * person can mend ends the whole run.
 */
export function tellFailure(
  name: string,
  member: Pick<Member, "role" | "told">,
  { state, end }: Pick<StateChange, "state" | "end">,
  { facts, holderOf, onEvent, onHalt }: FailurePorts,
): string {
  if (state !== "failed" || end === undefined) return "";
  const failure = failureOf(member.role, end, facts, holderOf);
  if (ROLE_ENDS[end].needsPerson) onHalt(failure);
  else if (member.told !== failure.message) onEvent({ kind: "fault", role: name, fault: failure });
  member.told = failure.message;
  return failure.message;
}
