/** An approval request while it is open. What a person sees is `ApprovalPrompt` (message.ts). */
import type { Action, Tier } from "./action.ts";
import type { Channel } from "./channel.ts";
import type { AgentId, ApprovalId, PersonId, SessionId, TurnId } from "./ids.ts";
import type { Reason } from "./verdict.ts";

export interface PendingApproval {
  readonly id: ApprovalId;
  readonly session: SessionId;
  readonly turn: TurnId;
  readonly agent: AgentId;
  readonly asker: PersonId;
  /** The channel that asked. */
  readonly channel: Channel;
  readonly action: Action;
  readonly tier: Tier;
  readonly reasons: readonly [Reason, ...Reason[]];
  /** Unix milliseconds. */
  readonly askedMs: number;
  readonly expiresMs: number;
  /** 16 random bytes, lower-case hex. */
  readonly nonce: string;
  /**
   * `H("wirken/approval/v1"0 ‖ lp(JCS(action)) ‖ lp(session) ‖ lp(agent) ‖ lp(asker) ‖ i64 expires_ms ‖
   * nonce)`, hex.
   */
  readonly digest: string;
}

/** Who may approve, where, up to which tier. */
export interface Approver {
  readonly person: PersonId;
  readonly surface: Channel;
  readonly upTo: 2 | 3;
}

export type ApprovalAnswer =
  | { readonly verdict: "approve"; readonly remember: boolean }
  | { readonly verdict: "deny"; readonly why: string };

/** What ended a turn before its end. `fault`: the record could not be written. */
export type Stop =
  | { readonly by: "person"; readonly person: PersonId; readonly surface: Channel }
  | { readonly by: "operator" | "shutdown" | "fault" };

export type ApprovalOutcome =
  | {
      readonly verdict: "approved";
      readonly by: PersonId;
      readonly surface: Channel;
      readonly remember: boolean;
    }
  | { readonly verdict: "denied"; readonly by: PersonId; readonly surface: Channel; readonly why: string }
  | { readonly verdict: "expired"; readonly because: "time" | "restart" }
  | { readonly verdict: "cancelled"; readonly stop: Stop };
