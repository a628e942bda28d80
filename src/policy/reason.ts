/**
 * Every reason code as a sentence for people, and as one for the model (docs: policy, pages). Total over
 * all codes.
 */
import type { ActionKind, Origin, Secrecy } from "#contracts/action.ts";
import { unreachable } from "#contracts/result.ts";
import type { Reason, Verdict } from "#contracts/verdict.ts";
import { visibleLine } from "#contracts/visible.ts";

/** One reason as a sentence. */
export function reasonSentence(reason: Reason): string {
  switch (reason.code) {
    case "tier":
      return reason.tier === 1 ? "This runs without asking." : WHY_ASKS[reason.action];
    case "granted":
      return "A stored permission covers it.";
    case "host_allowed":
      return `The operator allowed reading from ${visibleLine(reason.host)}.`;
    case "typed_by_asker":
      return "You typed this address yourself.";
    case "destination_from_foreign_text":
      return `Where this goes does not stand in your words, and ${originsPhrase(reason.origins)} was read before.`;
    case "data_above_public":
      return `${SECRECY_PHRASE[reason.secrecy]} was read in this conversation and could leave with it.`;
    case "unknown_tool":
      return "There is no tool of this name.";
    case "bad_arguments":
      return `The call's arguments are not valid: ${visibleLine(reason.detail)}.`;
    case "no_performer":
      return `This version cannot do that yet (${reason.belongsTo}).`;
    case "org_denied":
      return `The organisation's policy forbids it (${visibleLine(reason.rule)}).`;
    case "clamped":
      return `This agent may not go above tier ${reason.ceiling}.`;
    case "headless":
      return "Nobody is there to be asked.";
    case "provider_not_allowed":
      return "This agent may not give this conversation's data to that model provider.";
    case "operators_only":
      return "Only an operator may do this.";
    case "injection_flagged":
      return `A text in this conversation looks like an attempt to give orders (${visibleLine(reason.detector)}).`;
    case "not_undoable":
      return "It cannot be undone.";
    case "too_many_pending":
      return "Too many requests of this agent already wait for a person.";
    default:
      return unreachable(reason);
  }
}

/** True for reasons that an approver should read as a warning. */
export function isAlarming(reason: Reason): boolean {
  return (
    reason.code === "destination_from_foreign_text" ||
    reason.code === "data_above_public" ||
    reason.code === "injection_flagged" ||
    reason.code === "not_undoable"
  );
}

/** What the model is told of a denial, so that it stops asking and says what it needed. */
export function denialForModel(verdict: Verdict): string {
  return `Refused by policy. ${verdict.reasons.map(reasonSentence).join(" ")} Do not try it again in this turn.`;
}

/** "the page or site it fetched" and so on: who may have written what was read. */
export function originsPhrase(origins: readonly Origin[]): string {
  const phrases = [...new Set(origins.map(originPhrase))];
  const last = phrases.pop();
  if (last === undefined) return "nothing";
  return phrases.length === 0 ? last : `${phrases.join(", ")} and ${last}`;
}

function originPhrase(origin: Origin): string {
  switch (origin) {
    case "owner":
      return "text of the owner";
    case "admitted":
      return "text of an admitted person";
    case "stranger":
      return "text of a stranger";
    case "web":
      return "text from the web";
    case "file":
      return "text from a file";
    case "skill":
      return "text of a skill";
    case "memory":
      return "text from memory";
    case "system":
      return "text of this program";
    default:
      return `text from the MCP server ${visibleLine(origin.slice("mcp:".length))}`;
  }
}

const SECRECY_PHRASE = {
  public: "Public data",
  workspace: "Data of the workspace",
  personal: "Personal data",
  credential: "A credential",
} as const satisfies Record<Secrecy, string>;

const WHY_ASKS = {
  workspace_read: "It reads a file of the workspace.",
  workspace_list: "It lists the workspace.",
  workspace_write: "It changes a file of the workspace.",
  folder_read: "It reads a folder that you shared.",
  folder_write: "It changes a folder that you shared.",
  channel_reply: "It answers in this conversation.",
  memory_read: "It reads what it remembers.",
  memory_write: "It changes what it remembers.",
  web_search: "The words of the search leave this computer.",
  model_call: "The conversation goes to a model provider.",
  shell_inspect: "It runs a reading command.",
  external_file_read: "It reads a file outside the workspace.",
  external_file_write: "It changes a file outside the workspace.",
  file_send: "It sends a file to another conversation.",
  cross_conversation_message: "It writes to someone in another conversation.",
  boxed_exec: "It runs a command, in a box.",
  shell_exec: "It runs a command on this computer.",
  destructive_file_op: "It deletes or replaces a file for good.",
  network_request: "It talks to another computer.",
  credential_use: "It uses a stored key.",
  cron_create: "It creates a job that runs without you.",
  skill_install: "It installs a skill.",
  config_change: "It changes the configuration.",
  policy_change: "It changes what is allowed.",
  approver_change: "It changes who may approve.",
  record_export: "It exports the record.",
  record_erase: "It erases text from the record.",
  record_prune: "It prunes the record.",
  mcp_call: "It uses a tool of another program.",
  wasm_call: "It runs a skill's program.",
  cross_channel_memory_read: "It reads memory of another channel.",
  imported_read: "It reads imported memory.",
  spawn_subagent: "It starts another agent.",
  unknown_tool: "The tool is not known.",
} as const satisfies Record<ActionKind, string>;
