/** Why an answer to an approval request is refused, and what the answerer is told. */
import { type Fault, fail } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";

export type Refusal =
  | "unknown"
  | "already_answered"
  | "expired"
  | "wrong_surface"
  | "not_an_approver"
  | "tier_too_high";

const REFUSALS = {
  unknown: "there is no such request",
  already_answered: "this request was answered before",
  expired: "this request has expired; nothing ran",
  wrong_surface: "this request cannot be answered here",
  not_an_approver: "only a named approver can answer this request",
  tier_too_high: "this request is answered on the console or with `wirken permissions approve`",
} as const satisfies Record<Refusal, string>;

/** The fault that the answerer sees. */
export function refusalFault(reason: Refusal): Result<never, Fault> {
  const code = reason === "unknown" ? "not_found" : "refused";
  return fail(code, REFUSALS[reason], { reason, hint: "wirken permissions pending" });
}
