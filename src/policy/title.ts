/**
 * An action as a plain question, and as verb and target of a tool card (docs: pages). Total over all kinds.
 */
import type { Action } from "#contracts/action.ts";
import { LIMITS } from "#contracts/limits.ts";
import { MCP_QUESTION } from "#contracts/mcp.ts";
import { unreachable } from "#contracts/result.ts";
import { utf8Head, utf8Length, visibleLine } from "#contracts/visible.ts";
import { shellWords } from "./exact.ts";
import { commandText } from "./flow.ts";
import type { StorableAction } from "./grant.ts";
import { verbsOf } from "./inspection.ts";

const TITLE_VALUE_BYTES_MAX = 120;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 24 * MS_PER_HOUR;

/** A given folder is read by several tools. */
const FOLDER_ACTS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["list_files", ["List", "Listed"]],
  ["search_files", ["Search files in", "Searched"]],
]);

/** What an action does, in two tenses: "Delete" and "Deleted", with its target. */
export interface Act {
  /** "Run", "Fetch": begins the question of an approval. */
  readonly present: string;
  /** "Ran", "Fetched": the card of a call. */
  readonly past: string;
  /** The target, on one line, hidden characters shown, cut with … */
  readonly target: string;
}

/** The plain question of an approval: "Run uname -a?" */
export function titleOf(action: Action): string {
  const { present, target } = actOf(action);
  return target === "" ? `${present}?` : `${present} ${target}?`;
}

/** Verb and target of a call. */
export function actOf(action: Action): Act {
  switch (action.kind) {
    case "folder_read": {
      const [present, past] = FOLDER_ACTS.get(action.tool) ?? ["Read", "Read"];
      return act(present, past, action.path);
    }
    case "workspace_read":
    case "external_file_read":
      return act("Read", "Read", action.path);
    case "workspace_list":
      return action.tool === "search_files"
        ? act("Search files in", "Searched", isRoot(action.path) ? "the workspace" : action.path)
        : act("List", "Listed", isRoot(action.path) ? "the workspace" : action.path);
    case "workspace_write":
    case "folder_write":
    case "external_file_write":
      return act("Write", "Wrote", action.path);
    case "destructive_file_op":
      return action.operation === "delete"
        ? act("Delete", "Deleted", action.path)
        : act("Overwrite without undo", "Overwrote", action.path);
    case "shell_inspect":
    case "boxed_exec":
    case "shell_exec":
      return act("Run", "Ran", action.script === "" ? shellWords(action.argv) : commandText(action));
    case "network_request":
      return networkAct(action);
    case "credential_use": {
      const host = `${action.host}${isUsualPort(action) ? "" : `:${action.port}`}`;
      const what = `${action.method} ${action.scheme}://${host}${action.path}`;
      return act(`Use the key ${action.name} for`, `Used the key ${action.name} for`, what);
    }
    case "cross_conversation_message":
      return act("Send a message to", "Sent a message to", action.recipient);
    case "file_send":
      return act("Send a file", "Sent a file", action.toAsker ? "here" : "to another conversation");
    case "cron_create":
      return act("Create a repeating job", "Created a repeating job", action.schedule);
    case "skill_install":
      return act("Install a skill", "Installed a skill", "");
    case "config_change":
      return act("Change the configuration", "Changed the configuration", "");
    case "policy_change":
      return act("Change what is allowed", "Changed what is allowed", "");
    case "approver_change":
      return act("Change who may approve", "Changed who may approve", "");
    case "record_export":
      return act("Export the record", "Exported the record", "");
    case "record_erase":
      return act("Erase text from the record", "Erased text from the record", "");
    case "record_prune":
      return act("Prune the record", "Pruned the record", "");
    case "mcp_call":
      return action.mcpTool === MCP_QUESTION
        ? act("Answer a question of", "Answered a question of", action.server)
        : act("Use", "Used", `${action.mcpTool} of ${action.server}`);
    case "wasm_call":
      return act("Run the skill", "Ran the skill", action.skill);
    case "web_search":
      return act("Search the web for", "Searched the web for", action.query);
    case "model_call":
      return act("Ask the model", "Asked the model", `${action.model} of ${action.provider}`);
    case "spawn_subagent":
      return act("Start the agent", "Started the agent", action.agent);
    case "cross_channel_memory_read":
      return act("Read memory of another channel", "Read memory of another channel", action.source);
    case "imported_read":
      return act("Read imported memory", "Read imported memory", action.source);
    case "channel_reply":
      return act("Answer here", "Answered here", "");
    case "memory_read":
      return act("Read memory", "Read memory", "");
    case "memory_write":
      return act("Write to memory", "Wrote to memory", "");
    case "unknown_tool":
      return act("Use an unknown tool", "Tried an unknown tool", action.name);
    default:
      return unreachable(action);
  }
}

/**
 * The sentence of a storable grant, offered beside "Approve once"; empty where nothing may be stored.
 * @param days lifetime as the configuration has it; the box's shorter bound is said by itself
 */
export function grantOfferOf(storable: StorableAction | undefined, action: Action, days: number): string {
  if (storable === undefined) return "";
  const { present, target } = actOf(action);
  const what =
    action.kind === "network_request"
      ? `Allow reading from ${visibleLine(action.host)}`
      : action.kind === "shell_inspect"
        ? inspectOffer(action)
        : action.kind === "boxed_exec"
          ? `Allow every command in this box, in ${isRoot(action.cwd) ? "the workspace" : visibleLine(action.cwd)},`
          : undefined;
  const isShort = action.kind === "boxed_exec" && days * MS_PER_DAY > LIMITS.box_grant_ms_max;
  const time = isShort ? `${LIMITS.box_grant_ms_max / MS_PER_HOUR} h` : `${days} days`;
  return `${what ?? `Allow “${present} ${target}”`} here for ${time}`;
}

/** "Allow ls and grep to read src/app": the commands, whatever their flags, and the folder with all below it. */
function inspectOffer({ commands, within }: Extract<Action, { readonly kind: "shell_inspect" }>): string {
  const verbs = verbsOf(commands);
  const last = verbs.at(-1) ?? "";
  const list = verbs.length === 1 ? last : `${verbs.slice(0, -1).join(", ")} and ${last}`;
  return `Allow ${visibleLine(list)} to read ${within === "" ? "the workspace" : visibleLine(within)}`;
}

function isUsualPort({
  scheme,
  port,
}: {
  readonly scheme: "http" | "https";
  readonly port: number;
}): boolean {
  return port === (scheme === "https" ? 443 : 80);
}

function networkAct(action: Extract<Action, { readonly kind: "network_request" }>): Act {
  const url = `${action.scheme}://${action.host}${isUsualPort(action) ? "" : `:${action.port}`}${action.path}`;
  if (action.method === "GET" || action.method === "HEAD") return act("Fetch", "Fetched", url);
  return act(`Send ${action.bodyBytes} bytes (${action.method}) to`, "Sent data to", url);
}

function isRoot(path: string): boolean {
  return path === "" || path === ".";
}

function act(present: string, past: string, target: string): Act {
  const line = visibleLine(target);
  const cut = utf8Length(line) > TITLE_VALUE_BYTES_MAX ? `${utf8Head(line, TITLE_VALUE_BYTES_MAX)}…` : line;
  return { present: visibleLine(present), past, target: cut };
}
