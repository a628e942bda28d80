/**
 * Where an action would carry data, for the information-flow rules (docs: policy, Labels): recipients,
 * hosts, paths outside and commands. Total over all kinds.
 */
import type { Action } from "#contracts/action.ts";
import { unreachable } from "#contracts/result.ts";

export interface Destination {
  readonly text: string;
  readonly isHost: boolean;
}

export interface Flow {
  /** Data of the session may leave this computer or the asking conversation. */
  readonly leaves: boolean;
  readonly destinations: readonly Destination[];
}

const STAYS: Flow = { leaves: false, destinations: [] };

/** The flow of an action. */
export function flowOf(action: Action): Flow {
  switch (action.kind) {
    case "network_request":
      return { leaves: true, destinations: [host(action.host)] };
    case "credential_use":
      return { leaves: true, destinations: [host(action.host)] };
    case "cross_conversation_message":
      return { leaves: true, destinations: [named(action.recipient)] };
    case "file_send":
      return action.toAsker ? STAYS : { leaves: true, destinations: [named(action.conversation)] };
    case "web_search":
      return { leaves: true, destinations: [named(action.query)] };
    case "mcp_call":
      return { leaves: true, destinations: [named(action.server)] };
    case "shell_exec":
      return {
        leaves: action.network.length > 0,
        destinations: [named(commandText(action)), ...action.network.map(named)],
      };
    case "external_file_write":
    case "external_file_read":
    case "destructive_file_op":
      return { leaves: false, destinations: [named(action.path)] };
    case "record_export":
      return { leaves: true, destinations: [] };
    // It reads what the workspace's own tools read without asking, and has no way out of its box.
    case "shell_inspect":
    // It may do what it likes where it is: nothing gets out, and what it changes comes back. Whose words led to it is
    // therefore no reason to ask beyond its tier; a text that was flagged as giving orders is.
    case "boxed_exec":
    case "workspace_read":
    case "workspace_list":
    case "workspace_write":
    case "folder_read":
    case "folder_write":
    case "channel_reply":
    case "memory_read":
    case "memory_write":
    case "model_call":
    case "cron_create":
    case "skill_install":
    case "config_change":
    case "policy_change":
    case "approver_change":
    case "record_erase":
    case "record_prune":
    case "wasm_call":
    case "cross_channel_memory_read":
    case "imported_read":
    case "spawn_subagent":
    case "unknown_tool":
      return STAYS;
    default:
      return unreachable(action);
  }
}

/** A command as the person would have typed it: the script where there is one, else its words. */
export function commandText(action: { readonly argv: readonly string[]; readonly script: string }): string {
  return action.script === "" ? action.argv.join(" ") : action.script;
}

function host(text: string): Destination {
  return { text, isHost: true };
}

function named(text: string): Destination {
  return { text, isHost: false };
}
