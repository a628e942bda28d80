/**
 * `exec`: one command in the workspace, confined (docs/ARCHITECTURE.md): no home, no data folder, no Unix socket, no
 * network unless asked for, an environment built from nothing, bounded, ended with all that it started.
 */
import { chmodSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Action, ActionOf } from "#contracts/action.ts";
import type { CallId } from "#contracts/ids.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import { type ToolRun, launchTool } from "#confine/start.ts";
import { isInBox } from "#confine/box-plan.ts";
import { inspectPlan } from "#confine/inspect-plan.ts";
import { TOOL_GUARD, toolPlan } from "#confine/tool-plan.ts";
import { parseShell } from "#policy/shell-parser.ts";
import { plainArgv } from "#policy/shell-words.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { sha256Hex } from "./digest.ts";
import { findProgram, isSameProgram } from "./find-program.ts";
import { boxedAction, isBoxed, isInFolder, performBoxed, unheldNetwork } from "./exec-boxed.ts";
import { endOf } from "./exec-end.ts";
import { credentialUses } from "./exec-network.ts";
import { EVERYWHERE, HOSTS_MAX, parseNetworkWish } from "./network-wish.ts";
import { changed, failedBy, notMine } from "./outcome.ts";
import { OutputCollector } from "./output-collector.ts";
import { inspectAction, programsOf } from "./exec-inspect.ts";
import { outsideRefusal, workspacePath } from "./outside.ts";
import { type Performance, type ToolContext, type ToolOutcome, defineTool } from "./tool.ts";

const COMMAND_BYTES_MAX = 16_384;
const PATH_BYTES_MAX = 4_096;
const SHELL = "/bin/sh";
/** How long the guard may take to end everything before it is ended itself. */
const GUARD_GRACE_MS = 5_000;
const PIPE_GRACE_MS = 1_000;
const DATA_ROOT_MODE = 0o700;

export const execTool = defineTool({
  name: "exec",
  description:
    "Run a command in the workspace. It reaches no host but those that `network` names, through a proxy that its " +
    "environment names, and sees no files but the workspace's and the system's.",
  schema: objectSchema(
    {
      command: { type: "string", description: "A command line." },
      cwd: {
        type: "string",
        description: "Folder of the workspace to start in; the workspace itself by default.",
      },
      network: {
        type: "array",
        items: { type: "string" },
        description:
          "Hosts as `host` or `host:port` for https, `http://host:port` for http. None by default.",
      },
      credentials: {
        type: "array",
        items: { type: "string" },
        description:
          "Names of stored credentials of those hosts. Ask for `http://host/…`: the proxy sends it as https, with the " +
          "credential. None by default.",
      },
    },
    ["command"],
  ),
  parse: (args) =>
    parseArguments(args, ["command", "cwd", "network", "credentials"], (reader) => ({
      command: reader.text("command", COMMAND_BYTES_MAX),
      cwd: reader.text("cwd", PATH_BYTES_MAX, "."),
      network: reader.list("network", HOSTS_MAX),
      credentials: reader.list("credentials", HOSTS_MAX),
    })),
  classify: (args, baseOf, context) => {
    const wish = parseNetworkWish(args.network);
    const network = wish.ok ? wish.value : [];
    const boxed = isBoxed(network, context);
    const isGiven = boxed && isInFolder(args.cwd, context);
    const cwd = isGiven ? args.cwd : workspacePath(args.cwd);
    const complete = { ...args, cwd, network: [...network], credentials: [...args.credentials] };
    const uses = credentialUses(args.credentials, network, context);
    const refuse = (refusal: string) => ({
      action: { ...baseOf(complete), kind: "unknown_tool", name: "exec", reason: "command" } as const,
      refusal,
    });
    const outside = isGiven ? undefined : outsideRefusal(args.cwd, baseOf(complete));
    if (outside !== undefined) return outside;
    if (!wish.ok) return refuse(wish.error);
    if (!uses.ok) return refuse(uses.error);
    if (args.command.trim() === "" || args.command.includes("\0"))
      return refuse("`command` is empty or holds a NUL");
    const folder = resolve(context.workspacePath, cwd);
    const inspect = isGiven ? undefined : inspectAction(complete, baseOf(complete), context);
    if (inspect !== undefined) return { action: { ...inspect, plan: planDigest(planOf(inspect, context)) } };
    const words = wordsOf(args.command);
    const program = words === undefined ? undefined : findProgram(words[0], folder);
    const plain = words !== undefined && program !== undefined;
    const argv = plain ? words : ([SHELL, "-c", args.command] as const);
    const executable = program ?? findProgram(SHELL, folder);
    if (executable === undefined) return refuse("this system has no /bin/sh");
    const common = { ...baseOf(complete), argv, script: plain ? "" : args.command, cwd, executable };
    if (boxed && isInBox(context.box, executable.path)) {
      return { action: boxedAction(common, { network, credentials: uses.value }, context.box) };
    }
    if (isGiven) return refuse("its program is not in the box");
    if (uses.value.length > 0) return refuse("credentials are added for commands in the box alone");
    if (network.length > 0 && network[0] !== EVERYWHERE) return refuse(unheldNetwork(context.box));
    const action = {
      ...common,
      kind: "shell_exec",
      network,
      boxed: false,
      credentials: [],
      folders: [],
    } as const;
    return { action: { ...action, plan: planDigest(planOf(action, context)) } };
  },
  perform: async ({ action }, context, performance) => {
    if (action.kind === "boxed_exec") return performBoxed(action, context, performance);
    if (action.kind === "shell_exec" && action.boxed) return performBoxed(action, context, performance);
    if (action.kind !== "shell_exec" && action.kind !== "shell_inspect") return notMine();
    const plan = planOf(action, context);
    if (planDigest(plan) !== action.plan) return changed("where the command would run");
    const programs = action.kind === "shell_inspect" ? programsOf(action) : [action.executable];
    if (!programs.every(isSameProgram)) return changed("the program");
    const folder = context.workspace.list(action.cwd, 1);
    if (!folder.ok) return failedBy(folder.error);
    try {
      const run = launchTool(plan, TOOL_GUARD, { dataRoot: context.dataRoot, self: context.self });
      return run.ok ? await follow(run.value, context, performance) : failedBy(run.error);
    } finally {
      rmSync(temporaryOf(action.call, context), { recursive: true, force: true });
      closeToOthers(context.dataRoot);
    }
  },
});

/**
 * Landlock does not see a change of mode: a command can open our folders to other users, though not to itself. All of
 * them lie in one, and that one is closed again.
 */
function closeToOthers(dataRoot: string): void {
  try {
    chmodSync(dataRoot, DATA_ROOT_MODE);
  } catch {
    return; // gone, or never ours: then there is nothing in it that we could open
  }
}

/** The plan follows from the action and the context alone. */
function planOf(
  action: Omit<ActionOf<"shell_exec">, "plan"> | Omit<ActionOf<"shell_inspect">, "plan">,
  context: ToolContext,
): LaunchPlan {
  const facts = {
    program: action.executable.path,
    argv: action.argv,
    cwd: join(context.workspacePath, action.cwd),
    workspace: context.workspacePath,
    temporary: temporaryOf(action.call, context),
  };
  return action.kind === "shell_inspect"
    ? inspectPlan({ ...facts, programs: programsOf(action).map(({ path }) => path) })
    : toolPlan({ ...facts, network: action.network.length > 0, required: context.confinementRequired });
}

/** The words of a command that needs no shell. */
function wordsOf(command: string): readonly [string, ...string[]] | undefined {
  const script = parseShell(command);
  return script.ok ? plainArgv(script.value) : undefined;
}

function temporaryOf(call: CallId, context: ToolContext): string {
  return join(context.temporaryFolder, call);
}

/** SHA-256 of the plan as the stub is told it. */
export function planDigest(plan: LaunchPlan): Action["plan"] {
  return sha256Hex(JSON.stringify(plan));
}

async function follow(run: ToolRun, context: ToolContext, performance: Performance): Promise<ToolOutcome> {
  const collector = new OutputCollector(performance.onLine);
  const readers = [run.stdout, run.stderr].map((stream) => drain(stream, collector));
  const stop = (): void => {
    run.stop();
    context.clock.after(GUARD_GRACE_MS, () => {
      if (run.child.running()) run.child.kill("SIGKILL");
    });
  };
  if (performance.signal.aborted) stop();
  performance.signal.addEventListener("abort", stop, { once: true });
  const report = await run.ended;
  performance.signal.removeEventListener("abort", stop);
  const allRead = Promise.all(readers.map((reader) => reader.read));
  await Promise.race([allRead, context.clock.sleep(PIPE_GRACE_MS)]);
  for (const reader of readers) reader.cancel();
  return endOf(report, report?.leftovers ?? 0, collector);
}

function drain(
  stream: ReadableStream<Uint8Array>,
  collector: OutputCollector,
): { readonly read: Promise<void>; cancel(): void } {
  const reader = stream.getReader();
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      collector.add(value);
    }
  };
  return { read: read(), cancel: () => void reader.cancel().catch(() => undefined) };
}
