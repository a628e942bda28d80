/**
 * The tier of an action once its fields are looked at (docs: policy, the table of actions). It starts from
 * `BASE_TIER` and goes down only on the page's own conditions; what is not understood stays where the table
 * put it.
 */
import type { Action, ActionOf, Labels, Tier } from "#contracts/action.ts";
import { BASE_TIER } from "#contracts/action.ts";
import { unreachable } from "#contracts/result.ts";
import type { AllowedHost, Reason } from "#contracts/verdict.ts";
import { inspectionHolds } from "./inspection.ts";
import { pathUnder } from "./profile.ts";
import { queryStandsIn, standsIn } from "./words.ts";

/** What a tier depends on beside the action. */
export interface TierFacts {
  readonly allowedHosts: readonly AllowedHost[];
  readonly labels: Labels;
  /** What the asking person typed in this turn; nothing quoted, forwarded or previewed. */
  readonly askerWords: string;
  /** The box of `boxed_exec` is enforced on this system. */
  readonly boxEnforced: boolean;
}

export interface Tiering {
  readonly tier: Tier;
  /** Why the tier is lower than the table's, when it is. */
  readonly because?: Reason;
  /** The lowering holds for this one call: no grant may be made of it. */
  readonly once: boolean;
}

/** The tier of `action` with its reason. Total over all kinds. */
export function tieringOf(action: Action, facts: TierFacts): Tiering {
  const base: Tiering = { tier: BASE_TIER[action.kind], once: false };
  switch (action.kind) {
    case "network_request":
      return networkTiering(action, facts);
    case "file_send":
      return action.toAsker ? { tier: 1, once: false } : base;
    case "shell_inspect":
      return inspectionHolds(action) ? base : { tier: 3, once: false };
    case "boxed_exec":
      return facts.boxEnforced ? base : { tier: 3, once: false };
    case "mcp_call":
      return action.readOnly ? { tier: 2, once: false } : base;
    case "wasm_call":
      return action.pinned ? { tier: 2, once: false } : base;
    case "web_search":
      return searchTiering(action, facts);
    case "workspace_read":
    case "workspace_list":
    case "workspace_write":
    case "folder_read":
    case "folder_write":
    case "channel_reply":
    case "memory_read":
    case "memory_write":
    case "model_call":
    case "external_file_read":
    case "external_file_write":
    case "cross_conversation_message":
    case "shell_exec":
    case "destructive_file_op":
    case "credential_use":
    case "cron_create":
    case "skill_install":
    case "config_change":
    case "policy_change":
    case "approver_change":
    case "record_export":
    case "record_erase":
    case "record_prune":
    case "cross_channel_memory_read":
    case "imported_read":
    case "spawn_subagent":
    case "unknown_tool":
      return base;
    default:
      return unreachable(action);
  }
}

/** The tier of `action` alone. */
export function tierOf(action: Action, facts: TierFacts): Tier {
  return tieringOf(action, facts).tier;
}

/** True when text of someone other than owner, admitted persons and this program was read. */
export function readForeignText(labels: Labels): boolean {
  return foreignOrigins(labels).length > 0;
}

/** The origins that may have written instructions which nobody with authority gave. */
export function foreignOrigins(labels: Labels): Labels["origins"] {
  return labels.origins.filter(
    (origin) => origin !== "owner" && origin !== "admitted" && origin !== "system",
  );
}

function networkTiering(action: ActionOf<"network_request">, facts: TierFacts): Tiering {
  const reads = (action.method === "GET" || action.method === "HEAD") && action.bodyBytes === 0;
  if (!reads) return { tier: 3, once: false };
  if (facts.labels.secrecy === "public" && queryStandsIn(facts.askerWords, action.path)) {
    const rule = facts.allowedHosts.find(
      ({ host, pathPrefix }) =>
        host.toLowerCase() === action.host.toLowerCase() && pathUnder(action.path, pathPrefix),
    );
    if (rule !== undefined) {
      return { tier: 2, because: { code: "host_allowed", host: rule.host }, once: false };
    }
  }
  if (action.typedByAsker && action.method === "GET") {
    return { tier: 2, because: { code: "typed_by_asker" }, once: true };
  }
  return { tier: 3, once: false };
}

function searchTiering(action: ActionOf<"web_search">, facts: TierFacts): Tiering {
  const own = standsIn(facts.askerWords, action.query);
  const raised = facts.labels.secrecy !== "public" || (readForeignText(facts.labels) && !own);
  return { tier: raised ? 2 : 1, once: true };
}
