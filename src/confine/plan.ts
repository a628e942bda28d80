/**
 * Launch plans: what a child of ours may reach, as plain data (docs/ARCHITECTURE.md, confinement). A plan
 * is built by a pure function from the role and read by tests; the launch stub applies it. It names
 * subfolders of the data folder, never the data folder itself, and holds no secret.
 */

/** What a rule grants beneath its path. A rule covers everything below it. */
export type Rights =
  | "read" // read files, list folders
  | "run" // read, and execute
  | "write" // read, write, make and remove files, folders and links
  | "work" // write, and execute
  | "listen" // make and remove sockets
  | "device"; // read and write one device

export interface PathRule {
  readonly path: string;
  readonly rights: Rights;
  /**
   * Made by the parent before the child starts. Without it a missing path is skipped: the machine lacks it.
   */
  readonly make?: "folder" | "file";
}

export type SocketKinds = "none" | "tcp" | "any";

/** TCP as Landlock knows it: ports, not hosts; UDP is not covered. */
export interface NetworkPlan {
  readonly connect: "any" | readonly number[];
  readonly bind: "any" | readonly number[];
  /**
   * Which IPv4 and IPv6 sockets can be made at all (seccomp). `tcp`: no datagrams, which Landlock does not
   * know.
   */
  readonly sockets: SocketKinds;
  /**
   * Present: the child is in a network of its own that holds nothing but a listener on this port of its
   * loopback, which is handed to whoever started it: its only way out.
   */
  readonly listener?: number;
}

/** Kernel limits of one process; `undefined` leaves the inherited one. Core dumps are always off. */
export interface ProcessLimits {
  readonly openFiles?: number;
  readonly fileBytes?: number;
  readonly dataBytes?: number;
  readonly cpuSeconds?: number;
  /**
   * How many tasks may be added to those the system runs at the start. The kernel does not hold root to it.
   */
  readonly processes?: number;
}

/**
 * A file view of its own: the child sees the paths of its plan and nothing else, its processes alone, and
 * no network device. It is process 1 of its namespaces, so the kernel ends with it whatever it started.
 */
export interface BoxPlan {
  /** Folders in memory: they begin empty and end with the run. */
  readonly scratch: readonly { readonly path: string; readonly bytesMax: number }[];
  /** How many tasks may exist at once, root's included. */
  readonly tasksMax: number;
}

export interface LaunchPlan {
  readonly role: "gateway" | "signer" | "console" | "adapter" | "mcp-proxy" | "mcp-server" | "tool";
  /** For a tool or an MCP server: real path of its executable. Absent: our own executable. */
  readonly program?: string;
  /** Words after our own executable's name; with `program` the whole command, its name first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /**
   * Variables whose values come over a descriptor of their own: an order is an argument, and others can
   * read it.
   */
  readonly secretEnv?: readonly string[];
  readonly cwd: string;
  readonly paths: readonly PathRule[];
  readonly network: NetworkPlan;
  /**
   * `none`: no Unix socket can be made. `listen`: the role listens first and then closes that door itself.
   */
  readonly unixSockets: "none" | "listen";
  /** Present: the stub is started in namespaces of its own and builds the view before it confines itself. */
  readonly box?: BoxPlan;
  /** Path of a socket that the stub connects to and passes as descriptor 3. */
  readonly dial?: string;
  /** It may put what it starts into empty networks. */
  readonly makesNetworks?: boolean;
  /** False: the role's second stage refuses execve. */
  readonly startsPrograms: boolean;
  readonly limits: ProcessLimits;
  /** Names the hand-off may hold; empty: stdin is empty. */
  readonly handoff: readonly string[];
  /** True: where a mechanism is missing on this system the child does not start. */
  readonly required: boolean;
}

/**
 * The paths of a plan that stand above `root`, or are it: such a rule would cover all that lies in it. A
 * plan with one is not started.
 */
export function rulesAbove(plan: LaunchPlan, root: string): readonly string[] {
  const inside = (path: string): boolean => {
    const folder = path.endsWith("/") ? path : `${path}/`;
    return `${root}/`.startsWith(folder);
  };
  return plan.paths.filter((rule) => inside(rule.path)).map((rule) => rule.path);
}
