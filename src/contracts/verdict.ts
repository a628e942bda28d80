/**
 * What the policy answers, and the codes of its reasons. The sentences for people are made in
 * `src/policy/wording.ts`.
 */
import type { ActionKind, Origin, Secrecy, Tier } from "./action.ts";
import type { GrantId } from "./ids.ts";

export type Reason =
  | { readonly code: "tier"; readonly tier: Tier; readonly action: ActionKind }
  | { readonly code: "granted"; readonly grant: GrantId }
  | { readonly code: "host_allowed"; readonly host: string }
  | { readonly code: "typed_by_asker" }
  | { readonly code: "destination_from_foreign_text"; readonly origins: readonly Origin[] }
  | { readonly code: "data_above_public"; readonly secrecy: Secrecy }
  | { readonly code: "unknown_tool" }
  | { readonly code: "bad_arguments"; readonly detail: string }
  | { readonly code: "no_performer"; readonly belongsTo: string }
  | { readonly code: "org_denied"; readonly rule: string }
  | { readonly code: "clamped"; readonly ceiling: Tier }
  | { readonly code: "headless" }
  | { readonly code: "provider_not_allowed" }
  | { readonly code: "operators_only" }
  | { readonly code: "injection_flagged"; readonly detector: string }
  | { readonly code: "not_undoable" }
  | { readonly code: "too_many_pending" };

/** Deny wins, then ask. There is no verdict without a reason. */
export interface Verdict {
  readonly kind: "allow" | "ask" | "deny";
  readonly tier: Tier;
  readonly reasons: readonly [Reason, ...Reason[]];
}

/** A stored permission: keyed by action key, agent, channel and person; never for tier 3. */
export interface Grant {
  readonly id: GrantId;
  /** From `grantKeyOf(action)` in `src/policy`: e.g. `spawn_subagent:reviewer`. */
  readonly actionKey: string;
  readonly agent: string;
  readonly channel: string;
  readonly person: string;
  /** Unix milliseconds. */
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** A host that the operator allowed for GET and HEAD. */
export interface AllowedHost {
  readonly host: string;
  readonly pathPrefix: string;
}
