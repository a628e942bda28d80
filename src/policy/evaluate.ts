/**
 * The decision: an action, what is known about the session, and the merged profile give a verdict (docs:
 * policy). Gates in order: organisation and profile, clamp, labels, tier and grants. Deny wins, then ask.
 * Pure and total: the model's own words are never on this path, only the action that the dispatcher made of
 * them.
 */
import type { Action, Labels } from "#contracts/action.ts";
import { PENDING_KINDS } from "#contracts/action.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Grant, Reason, Verdict } from "#contracts/verdict.ts";
import { canonicalAction } from "./digest.ts";
import { type Flow, flowOf } from "./flow.ts";
import { type GrantScope, findGrant } from "./grant.ts";
import { type Profile, secrecyRank } from "./profile.ts";
import { type TierFacts, foreignOrigins, tieringOf } from "./tier.ts";
import { hostStandsIn, standsIn } from "./words.ts";

export interface DecisionInput {
  readonly action: Action;
  readonly profile: Profile;
  readonly labels: Labels;
  /** What the asking person typed in this turn; nothing quoted, forwarded or previewed. */
  readonly askerWords: string;
  readonly scope: GrantScope;
  readonly grants: readonly Grant[];
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** The asker is the operator: the console or the CLI. */
  readonly operator: boolean;
  /** Somebody can be asked. Without one every ask is a deny. */
  readonly interactive: boolean;
  readonly boxEnforced: boolean;
  /** Names of detectors that marked a text of this session as a likely injection. */
  readonly injectionFlags: readonly string[];
  /** Requests of this agent that wait for a person. */
  readonly pendingApprovals: number;
}

interface Finding {
  readonly kind: Verdict["kind"];
  readonly reason: Reason;
}

/** Decides about one action. */
export function decide(input: DecisionInput): Verdict {
  const facts: TierFacts = { ...input, allowedHosts: input.profile.allowedHosts };
  const tiering = tieringOf(input.action, facts);
  const grant = findGrant(input.grants, input.action, tiering, input.scope, input.nowMs);
  const asks = [...labelFindings(input, grant), ...tierFindings(input, tiering, grant)];
  // A Tier 1 action that must be asked about counts as Tier 2: a ceiling of 1 means that nobody is bothered.
  const asked = asks.some(({ kind }) => kind === "ask");
  const tier = asked && tiering.tier === 1 ? 2 : tiering.tier;
  const denials = [
    ...profileFindings(input),
    ...clampFindings(input.profile, tier),
    ...performerFindings(input),
  ];
  return weigh(input, tier, [...denials, ...asks]);
}

function weigh(input: DecisionInput, tier: Verdict["tier"], findings: readonly Finding[]): Verdict {
  const fallback: Reason = { code: "tier", tier, action: input.action.kind };
  const of = (kind: Verdict["kind"]): readonly Reason[] =>
    findings.filter((finding) => finding.kind === kind).map(({ reason }) => reason);
  const [denied, ...moreDenied] = of("deny");
  if (denied !== undefined) return { kind: "deny", tier, reasons: [denied, ...moreDenied] };
  const [ask, ...moreAsks] = of("ask");
  if (ask !== undefined) {
    if (!input.interactive) return { kind: "deny", tier, reasons: [{ code: "headless" }, ask, ...moreAsks] };
    if (input.pendingApprovals >= LIMITS.approvals_pending_max) {
      return { kind: "deny", tier, reasons: [{ code: "too_many_pending" }, ask, ...moreAsks] };
    }
    return { kind: "ask", tier, reasons: [ask, ...moreAsks] };
  }
  const [allowed, ...moreAllowed] = of("allow");
  // Tier 1 alone may run with no finding at all; anything else without one is a gap and is denied.
  if (allowed === undefined) return { kind: tier === 1 ? "allow" : "deny", tier, reasons: [fallback] };
  return { kind: "allow", tier, reasons: [allowed, ...moreAllowed] };
}

function profileFindings({ action, profile, labels, operator }: DecisionInput): readonly Finding[] {
  const found: Finding[] = [];
  if (profile.deniedKinds.includes(action.kind)) {
    found.push({ kind: "deny", reason: { code: "org_denied", rule: `kind ${action.kind}` } });
  }
  if (action.kind === "model_call") {
    const provider = profile.providers.find(({ name }) => name === action.provider);
    if (provider === undefined || secrecyRank(labels.secrecy) > secrecyRank(provider.upTo)) {
      found.push({ kind: "deny", reason: { code: "provider_not_allowed" } });
    }
  }
  if (OPERATORS_ONLY.some((kind) => kind === action.kind) && !operator) {
    found.push({ kind: "deny", reason: { code: "operators_only" } });
  }
  return found;
}

function clampFindings(profile: Profile, tier: Verdict["tier"]): readonly Finding[] {
  if (tier <= profile.maxTier) return [];
  return [{ kind: "deny", reason: { code: "clamped", ceiling: profile.maxTier } }];
}

function performerFindings({ action }: DecisionInput): readonly Finding[] {
  const found: Finding[] = [];
  if (action.kind === "unknown_tool") {
    const reason: Reason =
      action.reason === "" || action.reason === "unknown_tool"
        ? { code: "unknown_tool" }
        : { code: "bad_arguments", detail: action.reason };
    found.push({ kind: "deny", reason });
  }
  // Without a canonical form no digest binds the answer to the call, so nobody is asked about it.
  if (!canonicalAction(action).ok) {
    found.push({ kind: "deny", reason: { code: "bad_arguments", detail: "no canonical form" } });
  }
  const belongsTo = Object.entries(PENDING_KINDS).find(([kind]) => kind === action.kind)?.[1];
  if (belongsTo !== undefined) found.push({ kind: "deny", reason: { code: "no_performer", belongsTo } });
  return found;
}

function labelFindings(input: DecisionInput, grant: Grant | undefined): readonly Finding[] {
  const flow = flowOf(input.action);
  const found: Finding[] = [];
  const origins = foreignOrigins(input.labels);
  if (origins.length > 0 && !destinationsStand(input.askerWords, flow)) {
    found.push({ kind: "ask", reason: { code: "destination_from_foreign_text", origins } });
  }
  if (flow.leaves && input.labels.secrecy !== "public" && grant === undefined) {
    found.push({ kind: "ask", reason: { code: "data_above_public", secrecy: input.labels.secrecy } });
  }
  const [detector] = input.injectionFlags;
  const acts = flow.leaves || flow.destinations.length > 0 || input.action.kind === "boxed_exec";
  if (detector !== undefined && acts) {
    found.push({ kind: "ask", reason: { code: "injection_flagged", detector } });
  }
  return found;
}

function destinationsStand(words: string, flow: Flow): boolean {
  return flow.destinations.every(({ text, isHost }) =>
    isHost ? hostStandsIn(words, text) : standsIn(words, text),
  );
}

function tierFindings(
  { action }: DecisionInput,
  tiering: ReturnType<typeof tieringOf>,
  grant: Grant | undefined,
): readonly Finding[] {
  const reason: Reason = { code: "tier", tier: tiering.tier, action: action.kind };
  if (tiering.tier === 1) return [{ kind: "allow", reason }];
  if (grant !== undefined) return [{ kind: "allow", reason: { code: "granted", grant: grant.id } }];
  const found: Finding[] = [{ kind: "ask", reason }];
  if (tiering.because !== undefined) found.push({ kind: "ask", reason: tiering.because });
  if (action.kind === "destructive_file_op") found.push({ kind: "ask", reason: { code: "not_undoable" } });
  return found;
}

const OPERATORS_ONLY = [
  "skill_install",
  "config_change",
  "policy_change",
  "approver_change",
  "record_export",
  "record_erase",
  "record_prune",
] as const satisfies readonly Action["kind"][];
