/**
 * May this person, on this surface, answer this request (docs: policy, Verdict and approval)? An adapter
 * vouches for the persons of its own channel only, so an approver is bound to a surface and a highest tier.
 * `cli` and `console` are the operator. Saying no is always open to the one who asked.
 */
import type { Tier } from "#contracts/action.ts";
import type { ApprovalAnswer, Approver } from "#contracts/approval.ts";
import { CHANNEL_TRAITS, type Channel } from "#contracts/channel.ts";
import type { PersonId } from "#contracts/ids.ts";
import { type Result, err, ok } from "#contracts/result.ts";

export interface AnswerAttempt {
  readonly verdict: ApprovalAnswer["verdict"];
  readonly tier: Tier;
  /** Who answers, as the surface's own connection vouches for them. */
  readonly person: PersonId;
  readonly surface: Channel;
  readonly asker: PersonId;
  /** The channel on which the request was asked. */
  readonly askedOn: Channel;
  readonly approvers: readonly Approver[];
}

export type AnswerRefusal = "not_an_approver" | "tier_too_high";

/** Decides before anything is consumed: a refused attempt leaves the request open. */
export function mayAnswer(attempt: AnswerAttempt): Result<true, AnswerRefusal> {
  if (isOperatorSurface(attempt.surface)) return ok(true);
  const own = attempt.person === attempt.asker && attempt.surface === attempt.askedOn;
  if (attempt.verdict === "deny" && own) return ok(true);
  const entries = attempt.approvers.filter(
    ({ person, surface }) => person === attempt.person && surface === attempt.surface,
  );
  if (entries.length === 0) return err("not_an_approver");
  if (attempt.verdict === "deny") return ok(true);
  return entries.some(({ upTo }) => upTo >= attempt.tier) ? ok(true) : err("tier_too_high");
}

/** True for the surfaces that are the operator's own: they answer every tier. */
export function isOperatorSurface(surface: Channel): boolean {
  return surface === "cli" || surface === "console";
}

/**
 * The entry that makes a person an approver on a surface.
 * @param upTo the operator's written choice; without one, what the channel's traits give by default
 */
export function approverOf(person: PersonId, surface: Channel, upTo?: 2 | 3): Approver {
  const byDefault = CHANNEL_TRAITS[surface].approve_up_to >= 3 ? 3 : 2;
  return { person, surface, upTo: upTo ?? byDefault };
}
