/** What a command says when the program does not answer, and why it stopped where a person must do something first. */
import type { Fault } from "#contracts/fault.ts";
import { ROLE_ENDS, endNamed } from "#contracts/role-end.ts";
import type { RunMark } from "#host/run-mark.ts";

/** `lost` as it is, or with the reason and the remedy that the last run left behind. */
export function whyNotRunning(lost: Fault, mark: RunMark | undefined): Fault {
  const end = mark?.kind === "ended" ? endNamed(mark.reason) : undefined;
  if (end === undefined) return lost;
  const { message, hint } = ROLE_ENDS[end];
  return { ...lost, message: `wirken is not running here, it stopped: ${message}`, hint, reason: end };
}
