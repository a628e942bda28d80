/** The real tools behind the guard's port, and the total table of who performs which kind of action. */
import { join } from "node:path";
import type { ActionKind } from "#contracts/action.ts";
import type { ModelCall } from "#contracts/conversation.ts";
import type { Fault } from "#contracts/fault.ts";
import { fail } from "#contracts/fault.ts";
import type { AgentId, CallId } from "#contracts/ids.ts";
import { isJsonObject, type JsonObject } from "#contracts/json.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { ToolCredentials } from "#tools/tool-credential.ts";
import type { Scrubbed, Scrubber } from "#contracts/scrubber.ts";
import { systemSupport } from "#confine/status.ts";
import { BeneathRoot } from "#host/beneath.ts";
import { ensureFolder } from "#host/files.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { performCall, prepareCall, toolSpecs } from "#tools/catalog.ts";
import type { Resolve } from "#broker/address.ts";
import type { Dial } from "#broker/wires.ts";
import type { BoxPort } from "#tools/box-port.ts";
import type { FolderPort } from "#tools/folder-port.ts";
import type { HttpPort } from "#tools/http-port.ts";
import { scrubbedHttp } from "#tools/scrubbed-http.ts";
import { openSnapshots, undoWrite } from "#tools/snapshots.ts";
import type { ToolContext, ToolOutcome, Undo } from "#tools/tool.ts";
import { AgentBox } from "./agent-box.ts";
import { AgentGiven } from "./agent-given.ts";
import { layFirstNotes } from "./first-notes.ts";
import { surroundingsOf } from "./surroundings.ts";
import type { McpTools } from "./mcp-tools.ts";
import type { ClassifyFacts, Performed, Toolbox } from "./toolbox.ts";

/** Who performs a kind: a tool through the guard, the turn itself, the operator's control socket, or nobody yet. */
export const PERFORMER = {
  workspace_read: "tool",
  workspace_list: "tool",
  workspace_write: "tool",
  folder_read: "tool",
  folder_write: "tool",
  shell_inspect: "tool",
  boxed_exec: "tool",
  shell_exec: "tool",
  destructive_file_op: "tool",
  network_request: "tool",
  channel_reply: "turn",
  model_call: "turn",
  config_change: "control",
  policy_change: "control",
  approver_change: "control",
  memory_read: "none",
  memory_write: "none",
  web_search: "none",
  external_file_read: "none",
  external_file_write: "none",
  file_send: "none",
  cross_conversation_message: "none",
  credential_use: "tool",
  cron_create: "none",
  skill_install: "none",
  record_export: "none",
  record_erase: "none",
  record_prune: "none",
  mcp_call: "tool",
  wasm_call: "none",
  cross_channel_memory_read: "none",
  imported_read: "none",
  spawn_subagent: "none",
  unknown_tool: "none",
} as const satisfies Record<ActionKind, "tool" | "turn" | "control" | "none">;

export interface ToolsPorts {
  readonly paths: DataPaths;
  readonly self: Self;
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpPort;
  /** Takes the secrets of this process out of what tools bring back. */
  readonly scrubber: Scrubber;
  readonly resolve: Resolve;
  readonly dial: Dial;
  readonly box: BoxPort & FolderPort;
  readonly confinementRequired: () => boolean;
  readonly privateHosts: () => readonly string[];
  readonly credentials: ToolCredentials;
  /** Tools of MCP servers. */
  readonly mcp: Pick<McpTools, "owns" | "specs" | "prepare" | "perform" | "where">;
  /** Name of the system's user, for "as user …". */
  readonly userName: string;
}

/** An agent's tools, and the way back of what they wrote. */
export interface AgentTools extends Toolbox, Disposable {
  undo(undo: Undo): Result<void, Fault>;
  undoBoxed(changes: string): Promise<Result<void, Fault>>;
}

/** Opens the workspace of an agent, making it when needed. */
export function agentTools(ports: ToolsPorts, agent: AgentId): Result<AgentTools, Fault> {
  const { paths, clock, random, self, http, resolve, dial, scrubber, mcp } = ports;
  const workspacePath = paths.workspace(agent);
  const made = ensureFolder(workspacePath);
  if (!made.ok) return made;
  const workspace = BeneathRoot.open(workspacePath);
  if (!workspace.ok) return workspace;
  const keptFolder = join(paths.agent(agent), "snapshots");
  const laid = layFirstNotes(workspace.value, keptFolder);
  if (!laid.ok) {
    workspace.value[Symbol.dispose]();
    return laid;
  }
  const snapshots = openSnapshots(keptFolder, clock);
  const confinesReading = systemSupport().landlockAbi > 0;
  const box = new AgentBox(ports.box, paths, agent);
  const given = new AgentGiven(ports.box, paths, agent);
  const contextOf = (words: string, call?: CallId): ToolContext => ({
    workspace: workspace.value,
    workspacePath,
    snapshots,
    temporaryFolder: join(paths.agent(agent), "tmp"),
    dataRoot: paths.root,
    self,
    confinementRequired: ports.confinementRequired(),
    confinesReading,
    box: box.context(),
    given: given.context(call),
    clock,
    random,
    http,
    resolve,
    dial,
    privateHosts: ports.privateHosts(),
    credentials: ports.credentials,
    typedByAsker: (url) => words.split(/\s+/).some((word) => trimmed(word) === url || word === url),
  });
  return ok({
    get specs() {
      return [...toolSpecs(), ...mcp.specs(agent)];
    },
    get boxEnforced() {
      return ports.box.enforced;
    },
    look: (call) => (call.name === "exec" ? box.look() : given.look(call)),
    classify: (call: ModelCall, facts: ClassifyFacts) =>
      mcp.owns(call.name)
        ? mcp.prepare(call, agent)
        : prepareCall(call, contextOf(facts.askerWords, call.id)),
    describe: (action) =>
      action.kind === "mcp_call"
        ? { where: mcp.where(action.server), unboxed: false, undo: "No" }
        : surroundingsOf(action, { userName: ports.userName, box: box.context() }),
    perform: async (prepared, signal, { onLine, question, onEgress }) => {
      if (PERFORMER[prepared.action.kind] !== "tool")
        throw new Error("tools: an action without a performer got through");
      const secrets: Scrubbed = new Map();
      const context = { ...contextOf(""), http: scrubbedHttp(http, scrubber, secrets) };
      const { action } = prepared;
      const during = { signal, onLine: (line: string) => onLine(scrubber.text(line, new Map())), onEgress };
      const outcome =
        action.kind === "mcp_call"
          ? await mcp.perform(action, { ...during, question })
          : await performCall(prepared, context, during);
      return {
        ...performedOf(outcome, signal, (text) => scrubber.text(text, secrets)),
        secrets,
        recorded: recordedOf(outcome, scrubber),
      };
    },
    undoBoxed: (changes) => ports.box.undo(agent, changes),
    undo: (undo) => undoWrite(workspace.value, snapshots, undo),
    [Symbol.dispose]: () => workspace.value[Symbol.dispose](),
  });
}

/** Tools for agents, opened when first used. */
export class AgentToolboxes implements Disposable {
  readonly #ports: ToolsPorts;
  readonly #open = new Map<AgentId, AgentTools>();

  constructor(ports: ToolsPorts) {
    this.#ports = ports;
  }

  of(agent: AgentId): Result<AgentTools, Fault> {
    const known = this.#open.get(agent);
    if (known !== undefined) return ok(known);
    const opened = agentTools(this.#ports, agent);
    if (!opened.ok)
      return fail(opened.error.code, `the agent's workspace cannot be used: ${opened.error.message}`);
    this.#open.set(agent, opened.value);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const tools of this.#open.values()) tools[Symbol.dispose]();
    this.#open.clear();
  }
}

/** The inputs of a run, scrubbed as its output is, so that running it again gives the same. */
function recordedOf({ recorded }: ToolOutcome, scrubber: Scrubber): JsonObject | undefined {
  const kept = recorded === undefined ? undefined : scrubber.json(recorded, new Map());
  return isJsonObject(kept) ? kept : undefined;
}

function undoOf({ undo, boxUndo }: ToolOutcome): JsonObject | undefined {
  if (undo !== undefined) return { ...undo };
  return boxUndo === undefined ? undefined : { ...boxUndo };
}

function performedOf(
  outcome: ToolOutcome,
  signal: AbortSignal,
  scrub: (text: string) => string,
): Omit<Performed, "secrets" | "recorded"> {
  const stopped = !outcome.ok && signal.aborted;
  return {
    outcome: outcome.ok ? "done" : stopped ? "stopped" : "failed",
    text: scrub(outcome.output),
    code: outcome.code ?? "",
    exitCode: outcome.exitCode,
    undo: undoOf(outcome),
  };
}

/** Without the marks of a sentence around an address. By steps: a pattern would try each of n marks n times. */
function trimmed(word: string): string {
  let from = 0;
  let to = word.length;
  while (from < to && `<("'“‘[`.includes(word.charAt(from))) from += 1;
  while (to > from && `>)"'”’],.;:!?`.includes(word.charAt(to - 1))) to -= 1;
  return word.slice(from, to);
}
