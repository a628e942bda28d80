/** What each control method answers (control.ts). The gateway builds it, the CLI shows it. */
import type { ErrorParts, RoleStatus, TurnEvent, VerifySummary } from "./page-api.ts";

export interface GrantView {
  readonly id: string;
  readonly actionKey: string;
  readonly agent: string;
  readonly channel: string;
  readonly person: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

export interface PendingView {
  readonly approvalId: string;
  readonly tier: number;
  readonly title: string;
  readonly exact: string;
  readonly facts: readonly { readonly label: string; readonly text: string; readonly alarming: boolean }[];
  readonly agent: string;
  readonly channel: string;
  readonly session: string;
  readonly askedMs: number;
  readonly expiresMs: number;
  readonly grantOffer: string;
}

export interface ApproverView {
  readonly person: string;
  readonly name: string;
  readonly surface: string;
  readonly upTo: number;
}

export interface PersonView {
  readonly person: string;
  readonly instance: string;
  readonly name: string;
  readonly admitted: boolean;
}

export interface AgentView {
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  readonly maxTier: number;
  readonly workspace: string;
  /** Lower-case hex Ed25519 public keys, newest last. */
  readonly keys: readonly string[];
  readonly instructionsSha256: string;
}

export interface ChannelView {
  readonly instance: string;
  readonly channel: string;
  readonly connected: boolean;
  readonly state: string;
  readonly detail: string;
  readonly paired: number;
}

export interface StatusView {
  readonly version: string;
  readonly startedMs: number;
  readonly dataDir: string;
  readonly ephemeral: boolean;
  readonly provider: string;
  readonly model: string;
  readonly logId: string;
  readonly rows: number;
  readonly pendingApprovals: number;
  readonly chatUrl: string;
  readonly consoleUrl: string;
  readonly roles: readonly RoleStatus[];
  /** The box of commands: whether one was run here and held, and what holds it or why there is none. */
  readonly box: { readonly enforced: boolean; readonly detail: string };
}

export interface McpToolView {
  /** Its name at the server, and for models. */
  readonly tool: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly standing: string;
  /** SHA-256 of its definition, hex. */
  readonly definition: string;
  /** The definition a line each, and what changed since it was approved. From outside: shown with care. */
  readonly text: string;
  readonly difference: string;
  /** Codes of the injection detector for the definition. */
  readonly suspicious: readonly string[];
}

export interface McpView {
  readonly server: string;
  readonly transport: string;
  readonly state: string;
  readonly code: string;
  readonly detail: string;
  readonly title: string;
  readonly protocol: string;
  readonly network: string;
  readonly pid: number;
  readonly starts: number;
  readonly tools: readonly McpToolView[];
  /** Tools that cannot be offered, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

export interface ControlResults {
  readonly status: StatusView;
  readonly open: { readonly link: string; readonly expiresMs: number };
  readonly ask: {
    readonly outcome: string;
    readonly answer: string;
    readonly session: string;
    /** Why the model failed; null where it did not. */
    readonly error: ErrorParts | null;
    /** What was refused because nobody could be asked. */
    readonly denied: readonly string[];
  };
  readonly stop_turn: { readonly stopped: boolean };
  readonly permissions_list: {
    readonly grants: readonly GrantView[];
    readonly allowedHosts: readonly { readonly host: string; readonly pathPrefix: string }[];
  };
  readonly permissions_pending: readonly PendingView[];
  readonly permissions_approve: { readonly outcome: string };
  readonly permissions_deny: { readonly outcome: string };
  readonly permissions_revoke: { readonly revoked: boolean };
  readonly permissions_allow_host: { readonly host: string };
  readonly permissions_disallow_host: { readonly removed: boolean };
  readonly approvers_list: readonly ApproverView[];
  readonly approvers_add: ApproverView;
  readonly approvers_remove: { readonly removed: boolean };
  readonly persons_list: readonly PersonView[];
  readonly agents_list: readonly AgentView[];
  readonly agents_show: AgentView & { readonly instructions: string };
  readonly config_get: { readonly config: unknown };
  readonly config_apply: { readonly changed: readonly string[]; readonly restarted: readonly string[] };
  readonly credential_changed: { readonly restarted: readonly string[] };
  readonly channel_pair: { readonly code: string; readonly expiresMs: number };
  readonly person_remove: { readonly removed: boolean };
  readonly channels_list: readonly ChannelView[];
  readonly restart: { readonly restarted: readonly string[] };
  readonly mcp_list: readonly McpView[];
  readonly mcp_test: { readonly view: McpView; readonly tookMs: number; readonly stderr: string };
  readonly mcp_approve: { readonly approved: number };
  readonly mcp_login_begin: { readonly url: string };
  readonly mcp_login_finish: { readonly scope: string };
  readonly mcp_logout: { readonly removed: boolean };
  readonly mcp_forget: { readonly forgotten: number };
  readonly audit_backup: { readonly recorded: boolean };
  readonly audit_accept_state: { readonly accepted: boolean; readonly detail: string };
  readonly audit_accept_tail: { readonly accepted: boolean; readonly detail: string };
  readonly undo: { readonly done: boolean; readonly detail: string };
}

/** What `ask` streams before its result. */
export type ControlEvent = TurnEvent;
export type { VerifySummary };
