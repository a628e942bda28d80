/**
 * The launch plan of an MCP server's program, and what the proxy must reach so that its servers can: a
 * child can only have less than its parent (docs/ARCHITECTURE.md, confinement; docs/mcp.md). Pure, from the
 * operator's entries.
 */
import { dirname } from "node:path";
import type { McpEntry, McpFile, McpStdioEntry } from "#contracts/mcp-config.ts";
import { isStdio } from "#contracts/mcp-config.ts";
import { parseOrigin } from "#contracts/origin.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import { BROKER_PORT, BROKER_VARIABLES } from "./broker-way.ts";
import type { LaunchPlan, NetworkPlan, PathRule } from "./plan.ts";
import { SYSTEM_RULES } from "./system-paths.ts";
import type { GuardLimits } from "./tool-plan.ts";

export interface McpServerFacts {
  readonly entry: McpStdioEntry;
  /** Real path of the program. */
  readonly program: string;
  /** The server's own folder: home, start folder, temporary files. */
  readonly folder: string;
  readonly required: boolean;
}

/** True where a server's program is to be held to the hosts of its entry. */
export function isHeldToHosts(entry: McpStdioEntry): boolean {
  return entry.hosts.length > 0 && entry.network !== "unconfined";
}

/** What several entries reach together. */
export interface McpReach {
  readonly paths: readonly PathRule[];
  readonly network: NetworkPlan;
  /** Programs are held to hosts: each in an empty network of its own. */
  readonly makesNetworks: boolean;
}

const HTTPS_PORT = 443;
const DNS_PORT = 53;
const BYTES_PER_MB = 1_048_576;
/** A server is idle for most of its life: its tree is looked at every five seconds. */
const WATCH_MS = 5_000;

/** The plan of one server. Its secret variables are those that `credentials` names. */
export function mcpServerPlan(facts: McpServerFacts): LaunchPlan {
  const { entry, program, folder } = facts;
  const held = isHeldToHosts(entry);
  return {
    role: "mcp-server",
    program,
    args: [entry.command, ...entry.args],
    env: {
      PATH: [...new Set([...SYSTEM_PATH.split(":"), dirname(program)])].join(":"),
      HOME: folder,
      TMPDIR: folder,
      LANG: "C.UTF-8",
      ...entry.env,
      ...(held ? BROKER_VARIABLES : {}),
    },
    secretEnv: Object.keys(entry.credentials),
    cwd: folder,
    paths: [...SYSTEM_RULES, ...entryRules(entry, program), { path: folder, rights: "work", make: "folder" }],
    network: held ? BEHIND_BROKER : entry.network === "unconfined" ? ANYWHERE : NOWHERE,
    unixSockets: "none",
    startsPrograms: true,
    limits: { openFiles: 4_096, processes: entry.limits.processes },
    handoff: [],
    required: facts.required,
  };
}

const NOWHERE: NetworkPlan = { connect: [], bind: [], sockets: "none" };
const ANYWHERE: NetworkPlan = { connect: "any", bind: [], sockets: "any" };
const BEHIND_BROKER: NetworkPlan = {
  connect: [BROKER_PORT],
  bind: [],
  sockets: "tcp",
  listener: BROKER_PORT,
};

/** What the guard of a server enforces. It has no end of its own. */
export function mcpServerGuard(entry: McpStdioEntry): GuardLimits {
  return {
    msMax: Number.MAX_SAFE_INTEGER,
    memoryBytesMax: entry.limits.memoryMb * BYTES_PER_MB,
    processesMax: entry.limits.processes,
    watchMs: WATCH_MS,
  };
}

/**
 * Paths and ports that the proxy needs for all entries of the file. `proxyPorts`: those of the configured
 * HTTP proxy.
 */
export function mcpReach(file: McpFile, proxyPorts: readonly number[] = []): McpReach {
  const entries = Object.values(file.mcpServers).filter((entry) => !entry.disabled);
  const programs = entries.filter(isStdio);
  const anywhere = programs.some((entry) => entry.network === "unconfined");
  const makesNetworks = programs.some(isHeldToHosts);
  const wanted = entries.flatMap(portsOf);
  const ports = [...new Set(wanted.length === 0 ? [] : [...wanted, ...proxyPorts])];
  return {
    paths: programs.flatMap((entry) => (entry.pin === undefined ? [] : entryRules(entry, entry.pin.command))),
    network: {
      connect: anywhere ? "any" : ports,
      bind: makesNetworks ? [BROKER_PORT] : [], // what a child does in its network it must be allowed to do here
      sockets: anywhere || ports.length > 0 ? "any" : "none",
    },
    makesNetworks,
  };
}

/**
 * Ports of a remote server and of its authorization server, with those that discovery and names need; of a
 * program's hosts, with the broker's own.
 */
function portsOf(entry: McpEntry): readonly number[] {
  if (isStdio(entry)) {
    const ports = entry.hosts.map((host) => parseOrigin(host)?.port ?? HTTPS_PORT);
    return isHeldToHosts(entry) ? [BROKER_PORT, DNS_PORT, ...ports] : [];
  }
  const urls = [entry.url, entry.oauth?.issuer].filter((url) => url !== undefined);
  return [HTTPS_PORT, DNS_PORT, ...urls.map(portOf)];
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  if (port !== "") return Number(port);
  return protocol === "http:" ? 80 : HTTPS_PORT;
}

function entryRules(entry: McpStdioEntry, program: string): readonly PathRule[] {
  const files = Object.keys(entry.pin?.files ?? {});
  return [
    { path: program, rights: "run" },
    ...files.map((path) => ({ path, rights: "run" }) as const),
    ...entry.read.map((path) => ({ path, rights: "run" }) as const),
    ...entry.write.map((path) => ({ path, rights: "work" }) as const),
  ];
}
