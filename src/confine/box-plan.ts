/**
 * The launch plan of a command in the box (docs: policy, `boxed_exec`): a file view of its own with the
 * agent's workspace, its home and the folders that the operator gave it; no secret, and no network but a
 * broker's listener. The gateway makes it for the approval, and the box role makes it again from the same
 * facts: its digest is what was approved.
 */
import { isAbsolute, join } from "node:path";
import { LIMITS } from "#contracts/limits.ts";
import type { AgentFolder } from "#contracts/agent-folders.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import type { DataPaths } from "#host/paths.ts";
import { BROKER_PORT, BROKER_VARIABLES } from "./broker-way.ts";
import type { LaunchPlan, PathRule } from "./plan.ts";
import { SYSTEM_RULES } from "./system-paths.ts";

export interface BoxFacts {
  readonly paths: Pick<DataPaths, "workspace" | "boxHome">;
  readonly agent: string;
  /** Folders beside the workspace, in the operator's order. */
  readonly folders: readonly AgentFolder[];
  /** Real path of the executable. */
  readonly program: string;
  /** The command, its name first. */
  readonly argv: readonly [string, ...string[]];
  /** Where it starts: below the workspace, or an absolute path in one of the folders. */
  readonly cwd: string;
  /** It has a listener to a broker in its own network, and nothing else there. */
  readonly network: boolean;
}

/** What the machine's own view would tell that a box need not know. */
const LEFT_OUT: readonly string[] = ["/proc", "/sys/fs/cgroup"];

/**
 * Whether the file at a real path has a name in the box. A program that has none is not run in it, and
 * never shown for the asking: whoever asks could name any file of the user's.
 */
export function isInBox(facts: Pick<BoxFacts, "paths" | "agent" | "folders">, path: string): boolean {
  const { paths, agent, folders } = facts;
  const system = SYSTEM_RULES.filter(({ rights }) => rights === "run").map((rule) => rule.path);
  const own = [paths.workspace(agent), paths.boxHome(agent), ...folders.map((folder) => folder.path)];
  return [...system, ...own].some((folder) => path.startsWith(`${folder}/`));
}

/** The plan of a boxed command. It never starts where it cannot be enforced. */
export function boxPlan(facts: BoxFacts): LaunchPlan {
  const workspace = facts.paths.workspace(facts.agent);
  const home = facts.paths.boxHome(facts.agent);
  const folders = facts.folders.map(
    ({ path, access }): PathRule => ({ path, rights: access === "write" ? "work" : "run" }),
  );
  const paths: readonly PathRule[] = [
    ...SYSTEM_RULES.filter(({ path }) => !LEFT_OUT.includes(path)),
    { path: "/proc", rights: "read" },
    ...folders,
    { path: workspace, rights: "work", make: "folder" },
    { path: home, rights: "work", make: "folder" },
    { path: "/tmp", rights: "work" },
    { path: "/dev/shm", rights: "write" },
  ];
  return {
    role: "tool",
    program: facts.program,
    args: facts.argv,
    env: {
      PATH: SYSTEM_PATH,
      HOME: home,
      TMPDIR: "/tmp",
      LANG: "C.UTF-8",
      TERM: "dumb",
      ...(facts.network ? BROKER_VARIABLES : {}),
    },
    cwd: isAbsolute(facts.cwd) ? facts.cwd : join(workspace, facts.cwd),
    paths,
    network: facts.network
      ? { connect: [BROKER_PORT], bind: [], sockets: "tcp", listener: BROKER_PORT }
      : { connect: [], bind: [], sockets: "none" },
    unixSockets: "none",
    startsPrograms: true,
    box: {
      scratch: [
        { path: "/tmp", bytesMax: LIMITS.box_tmp_bytes_max },
        { path: "/dev/shm", bytesMax: LIMITS.box_shm_bytes_max },
      ],
      tasksMax: LIMITS.box_tasks_max,
    },
    limits: {
      openFiles: 1_024,
      fileBytes: LIMITS.exec_file_bytes_max,
      processes: LIMITS.exec_processes_max,
      cpuSeconds: Math.ceil(LIMITS.exec_ms_max / 1_000),
    },
    handoff: [],
    required: true,
  };
}
