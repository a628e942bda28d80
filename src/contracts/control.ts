/**
 * cli ↔ gateway over `control.sock`: one JSON object a line, `{id, method, params}` → any number of
 * `{id, event}` and then one `{id, ok: true, result}` or `{id, ok: false, fault}`. Lines are at most 1 MiB.
 * The types of the results stand in `control-results.ts` (`ControlResults`).
 */
import { z } from "zod";
import { hostName } from "./config.ts";
import { LIMITS } from "./limits.ts";

const text = z.string().max(LIMITS.inbound_text_bytes_max);
const short = z.string().min(1).max(512);
const surface = z.string().min(1).max(32);

/** Parameters of every method. */
export const CONTROL_PARAMS = {
  status: z.strictObject({}),
  /** A one-time login link. */
  open: z.strictObject({ page: z.enum(["chat", "console"]) }),
  /** A turn from the terminal; events are `TurnEvent`; `interactive: false` turns every ask into a deny. */
  ask: z.strictObject({ agent: short, text, interactive: z.boolean() }),
  stop_turn: z.strictObject({ session: short }),
  permissions_list: z.strictObject({}),
  permissions_pending: z.strictObject({}),
  permissions_approve: z.strictObject({ approvalId: short, remember: z.boolean().default(false) }),
  permissions_deny: z.strictObject({ approvalId: short, why: z.string().max(1_000).default("") }),
  permissions_revoke: z.strictObject({ grantId: short }),
  permissions_allow_host: z.strictObject({ host: hostName, pathPrefix: z.string().max(1_024).default("/") }),
  permissions_disallow_host: z.strictObject({ host: short }),
  approvers_list: z.strictObject({}),
  approvers_add: z.strictObject({ person: short, surface, upTo: z.union([z.literal(2), z.literal(3)]) }),
  approvers_remove: z.strictObject({ person: short, surface }),
  persons_list: z.strictObject({}),
  agents_list: z.strictObject({}),
  agents_show: z.strictObject({ agent: short }),
  config_get: z.strictObject({}),
  /** A whole new configuration; the gateway validates, writes the file and a row, and restarts what must restart. */
  config_apply: z.strictObject({ config: z.unknown() }),
  /** Said after the vault was changed by the CLI: a row, and the role that uses the credential is restarted. */
  credential_changed: z.strictObject({
    scope: short,
    name: short,
    version: z.int().min(0),
    change: z.enum(["added", "rotated", "removed", "key_rotated"]),
  }),
  /** A pairing code for the owner of a channel. */
  channel_pair: z.strictObject({ instance: short, upTo: z.union([z.literal(2), z.literal(3)]).default(2) }),
  /** A person of a channel is a stranger again: no admission, no approvals, no permissions. */
  person_remove: z.strictObject({ instance: short, person: short }),
  channels_list: z.strictObject({}),
  restart: z.strictObject({ role: short }),
  mcp_list: z.strictObject({}),
  /** Connects a server anew and says what came of it. */
  mcp_test: z.strictObject({ server: short }),
  /** Lets tools in, by the hashes of the definitions that were shown. */
  mcp_approve: z.strictObject({
    server: short,
    tools: z.array(z.strictObject({ tool: z.string().min(1).max(256), definition: short })).max(512),
  }),
  /** The address at which to log in; `redirect` is where the browser comes back to. */
  mcp_login_begin: z.strictObject({ server: short, redirect: short }),
  /** The query that the browser came back with. */
  mcp_login_finish: z.strictObject({ server: short, answer: z.string().max(8_192) }),
  mcp_logout: z.strictObject({ server: short }),
  /** Takes back everything that was approved of a server that was removed. */
  mcp_forget: z.strictObject({ server: short }),
  audit_backup: z.strictObject({ file: z.string().min(1).max(4_096) }),
  audit_accept_state: z.strictObject({}),
  audit_accept_tail: z.strictObject({}),
  undo: z.strictObject({ session: short, call: short }),
} as const;
export type ControlMethod = keyof typeof CONTROL_PARAMS;
export type ControlParams<M extends ControlMethod> = z.infer<(typeof CONTROL_PARAMS)[M]>;

/** True for the name of a control method. */
export function isControlMethod(name: string): name is ControlMethod {
  return Object.hasOwn(CONTROL_PARAMS, name);
}

export const CONTROL_LINE_BYTES_MAX = 1_048_576;
