/**
 * What each place may reach, with the reason. Every other cell of the table is expected to hold. `walls.test.ts` checks
 * both directions: a cell that opens, and an exception that no longer happens, fail.
 */
import type { AttackName } from "./attacks.ts";
import type { Column } from "./columns.ts";

type Exceptions = Partial<Record<AttackName, string>>;

const ANYWHERE =
  "it shows boxes the folders that the operator gave, wherever they lie: Landlock cannot hold it";
const STARTS = "it starts programs, each under walls that are at least its own";

export const BY_DESIGN: Readonly<Record<Exclude<Column, "no walls">, Exceptions>> = {
  gateway: {
    "read audit.db": "it writes the record",
    "write audit.db":
      "it writes the record; heads and checkpoints, which it cannot sign, show a rewritten past",
    "read config.json": "it reads and changes the configuration",
    "read another agent's workspace": "it performs the tools of every agent",
    "run /bin/sh": STARTS,
    "run wirken itself": STARTS,
    "open a TCP connection": "it reaches providers at any address; what tools ask for is judged first",
    "reach any host on port 443": "it reaches providers at any address; what tools ask for is judged first",
    "reach a metadata address": "it reaches providers at any address; what tools ask for is judged first",
    "send UDP": "it asks for names",
  },
  signer: {},
  console: {},
  adapter: {
    "reach any host on port 443": "its platform's port; Landlock knows ports, not hosts",
    "send UDP": "it asks for names; Landlock does not know UDP",
  },
  webchat: {},
  "mcp-proxy": { "run /bin/sh": STARTS, "run wirken itself": STARTS },
  "mcp-server": { "run /bin/sh": STARTS },
  tool: { "run /bin/sh": STARTS },
  box: { "run /bin/sh": STARTS },
  "box role": {
    "list the data folder": "agents and the operator's list are in it, and nothing else for this role",
    "read another agent's workspace": "it keeps every agent's files for undo",
    "read a file of the home folder": ANYWHERE,
    "write a start-up file": ANYWHERE,
    "read /etc/shadow": ANYWHERE,
    "run /bin/sh": STARTS,
    "run wirken itself": STARTS,
    "make a user namespace": "boxes are made of them",
    "keep a capability": "root's alone: to take root's number into a box",
  },
};

/** What only root can get where it is open. */
export const ROOTS_ALONE: readonly AttackName[] = ["read /etc/shadow", "keep a capability"];

/** Attacks that an ordinary user without any walls cannot make either, or that this kernel does not offer. */
export const NEEDS_ROOT: readonly AttackName[] = [
  "read /etc/shadow",
  "open a raw socket",
  "open a packet socket",
  "mount over its own folder",
  "change the root folder",
  "use bpf",
  "use perf events",
  "keep a capability",
];
export const MAY_BE_MISSING: readonly AttackName[] = [
  "open an AF_ALG socket",
  "open a vsock",
  "use io_uring",
  "use kernel keys",
];
