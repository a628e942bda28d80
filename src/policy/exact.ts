/**
 * The exact call as an approver reads it (docs: policy, pages). Everything that the action holds stands
 * there (digests of programs and plans by their beginning: the approval is bound to the whole); hidden
 * characters are shown by number; what is too long is cut with its size and digest named.
 * Total over all kinds.
 */
import type { CredentialUse } from "#contracts/tool-credential.ts";
import type { Action, ActionOf } from "#contracts/action.ts";
import { unreachable } from "#contracts/result.ts";
import { utf8Head, utf8Length, visible, visibleLine } from "#contracts/visible.ts";
import { quotedWord } from "./shell-words.ts";

/** The longest text that a card carries; longer ones name the digest of the whole. */
export const EXACT_BYTES_MAX = 262_144;

const ARGUMENTS_LINE_MAX = 120;
const DIGEST_SHOWN = 16;

/** The exact call, whole. */
export function exactCall(action: Action): string {
  const shown = [...linesOf(action), ...planLine(action), `arguments: ${argumentsText(action)}`];
  return visible(shown.join("\n"));
}

/**
 * The exact call, or its head with how much is missing and the digest of the whole.
 * @param sha256Hex lower-case hex SHA-256 of a text's UTF-8 bytes
 */
export function exactCallCapped(action: Action, sha256Hex: (text: string) => string): string {
  const whole = exactCall(action);
  const bytes = utf8Length(whole);
  if (bytes <= EXACT_BYTES_MAX) return whole;
  const note = `\n[cut: ${bytes} bytes in all · sha256 ${sha256Hex(whole)}]`;
  return utf8Head(whole, EXACT_BYTES_MAX - utf8Length(note)) + note;
}

/**
 * An argv so that no two different ones look alike: words with anything but plain characters stand in
 * quotes.
 */
export function shellWords(argv: readonly string[]): string {
  return argv.map(quotedWord).map(visibleLine).join(" ");
}

/** Short arguments on one line, long ones a line each. */
function argumentsText(action: Action): string {
  if (action.kind === "mcp_call")
    return action.input.length <= ARGUMENTS_LINE_MAX ? action.input : spread(action.input);
  const line = JSON.stringify(action.args);
  return line.length <= ARGUMENTS_LINE_MAX ? line : JSON.stringify(action.args, null, 2);
}

/** JSON text a line each; what is none stays as it is. */
function spread(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The beginning of a digest, enough to compare two by eye. */
function brief(sha256: string): string {
  return sha256.length <= DIGEST_SHOWN ? sha256 : `${sha256.slice(0, DIGEST_SHOWN)}…`;
}

function planLine(action: Action): readonly string[] {
  return action.plan === "" ? [] : [`launch plan: sha256 ${brief(action.plan)}`];
}

function linesOf(action: Action): readonly string[] {
  switch (action.kind) {
    case "workspace_read":
    case "workspace_list":
    case "external_file_read":
      return [`${action.tool} ${visibleLine(action.path)}`];
    case "folder_read":
      return [`${action.tool} ${visibleLine(action.path)}`, `folder: ${visibleLine(action.folder)}`];
    case "workspace_write":
    case "external_file_write":
    case "folder_write":
      return [
        `write ${visibleLine(action.path)}`,
        ...(action.kind === "folder_write" ? [`folder: ${visibleLine(action.folder)}`] : []),
        `${action.bytes} bytes, sha256 ${action.sha256}`,
        ...(action.difference === "" ? [] : ["", action.difference]),
      ];
    case "destructive_file_op":
      return [`${action.operation} ${visibleLine(action.path)}`];
    case "shell_inspect":
      return [
        action.script === "" ? shellWords(action.argv) : marked(action.script),
        ...(action.script === "" ? [] : [`run by: ${shellWords(action.argv)}`]),
        ...programLines(action),
        ...otherPrograms(action),
        `reads: ${action.within === "" ? "the workspace" : visibleLine(action.within)}`,
        "network: no",
      ];
    case "boxed_exec":
    case "shell_exec":
      return [
        action.script === "" ? shellWords(action.argv) : marked(action.script),
        ...(action.script === "" ? [] : [`run by: ${shellWords(action.argv)}`]),
        ...programLines(action),
        ...(action.kind === "boxed_exec" || action.boxed ? boxLines(action) : [networkLine(action.network)]),
      ];
    case "network_request":
    case "credential_use":
      return [
        `${visibleLine(action.method)} ${action.scheme}://${visibleLine(action.host)}:${action.port}` +
          visibleLine(action.path),
        action.bodyBytes === 0 ? "no body" : `body: ${action.bodyBytes} bytes, sha256 ${action.bodySha256}`,
        ...(action.kind === "credential_use" ? [`credential: ${visibleLine(action.name)}`] : []),
      ];
    case "cross_conversation_message":
      return [
        `to ${visibleLine(action.recipient)} in ${visibleLine(action.conversation)} on ${action.channel}`,
        "",
        action.text,
      ];
    case "file_send":
      return [`send file sha256 ${action.sha256} to ${action.conversation}`];
    case "cron_create":
      return [visibleLine(action.schedule), action.text, `grants: ${action.grants.join(", ") || "none"}`];
    case "skill_install":
    case "config_change":
    case "policy_change":
    case "approver_change":
    case "record_export":
    case "record_erase":
    case "record_prune":
      return [action.difference];
    case "mcp_call":
      return [
        `${visibleLine(action.server)}: ${visibleLine(action.mcpTool)}`,
        `called as ${visibleLine(action.tool)}, definition: sha256 ${brief(action.definition)}`,
      ];
    case "wasm_call":
      return [
        `skill ${visibleLine(action.skill)}, sha256 ${action.sha256}`,
        `signer: ${visibleLine(action.signer)}${action.pinned ? " (pinned)" : ""}`,
      ];
    case "web_search":
      return [`search the web: ${visibleLine(action.query)}`];
    case "model_call":
      return [`ask ${visibleLine(action.model)} of ${visibleLine(action.provider)}`];
    case "spawn_subagent":
      return [`start agent ${visibleLine(action.agent)}, up to tier ${action.ceiling}`];
    case "cross_channel_memory_read":
    case "imported_read":
      return [`read ${visibleLine(action.source)}`];
    case "unknown_tool":
      return [`${visibleLine(action.name)} (${visibleLine(action.reason)})`];
    case "channel_reply":
    case "memory_read":
    case "memory_write":
      return [action.tool];
    default:
      return unreachable(action);
  }
}

/** A script of several lines with a mark before each, so that no line of it passes for one of ours below. */
function marked(script: string): string {
  return script.includes("\n") ? script.replace(/^/gm, "| ") : script;
}

/** The programs that a shell starts for a reading command, where one is needed. */
function otherPrograms(action: ActionOf<"shell_inspect">): readonly string[] {
  if (action.script === "") return [];
  return action.commands.map(
    ({ verb, executable }) =>
      `${visibleLine(verb)}: ${visibleLine(executable.path)}, sha256 ${brief(executable.sha256)}`,
  );
}

/** What a box holds, each folder on a line of its own. */
function boxLines(action: ActionOf<"boxed_exec" | "shell_exec">): readonly string[] {
  const { folders } = action;
  const given = folders.map(
    ({ path, access }) =>
      `${access === "write" ? "reads and changes" : "reads and runs"}: ${visibleLine(path)}`,
  );
  return [
    "box: the workspace and its own home",
    ...given,
    networkLine(action.kind === "boxed_exec" ? [] : action.network),
    ...(action.kind === "boxed_exec" ? [] : action.credentials.map(credentialLine)),
  ];
}

function credentialLine({ name, origin }: CredentialUse): string {
  return `credential: ${visibleLine(name)}, added to its requests to ${visibleLine(origin)}`;
}

function networkLine(hosts: readonly string[]): string {
  if (hosts.length === 0) return "network: no";
  if (hosts.includes("*")) return "network: every host and port";
  return `network: ${hosts.map(visibleLine).join(", ")} and nothing else`;
}

function programLines(action: {
  readonly cwd: string;
  readonly executable: { readonly path: string; readonly sha256: string };
}): readonly string[] {
  return [
    `program: ${visibleLine(action.executable.path)}, sha256 ${brief(action.executable.sha256)}`,
    `folder: ${visibleLine(action.cwd)}`,
  ];
}
