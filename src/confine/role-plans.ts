/**
 * The launch plan of each role that the keeper starts: one pure function a role (docs/ARCHITECTURE.md,
 * confinement). A role reads and writes its own subfolders and the public part of the system; no plan names
 * the vault.
 */
import { join } from "node:path";
import { needsOf } from "#contracts/channel-needs.ts";
import type { AdapterChannel } from "#contracts/channel.ts";
import { HANDOFF_NAMES, type KeptRole } from "#contracts/handoff.ts";
import type { InstanceId } from "#contracts/ids.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";
import type { McpReach } from "./mcp-plan.ts";
import type { LaunchPlan, NetworkPlan, PathRule } from "./plan.ts";
import { SYSTEM_RULES, selfRules } from "./system-paths.ts";

/** The roles the keeper starts. */
export type PlannedRole =
  | { readonly kind: "gateway" }
  | { readonly kind: "signer" }
  | { readonly kind: "console" }
  | {
      readonly kind: "adapter";
      readonly instance: InstanceId;
      readonly channel: AdapterChannel;
      /**
       * Ports of the configured server and of the proxy, beside those of its channel
       * (contracts/channel-needs.ts).
       */
      readonly ports: readonly number[];
      /** Its webhook's port, of channels that listen. */
      readonly webhookPort?: number;
    }
  | {
      readonly kind: "mcp-proxy";
      /** What its servers reach, beside their own folders. */
      readonly reach: McpReach;
    };

export interface PlanFacts {
  readonly paths: DataPaths;
  readonly self: Self;
  readonly webchatPort: number;
  readonly consolePort: number;
  /** `config.json`: confinement. */
  readonly required: boolean;
}

const HTTPS_PORT = 443;
const DNS_PORT = 53;
const OPEN_FILES = 4_096;
/** A peer keeps small state and attachments: it cannot fill the disk with one file. */
const FILE_BYTES_MAX = 1_073_741_824;
/**
 * Above what runs at its start, of the whole user: room for a person's other programs, none for a fork
 * bomb.
 */
const TASKS_MAX = 4_096;
const NO_NETWORK: NetworkPlan = { connect: [], bind: [], sockets: "none" };

/** The plan of a role on this machine. */
export function planFor(role: PlannedRole, facts: PlanFacts): LaunchPlan {
  switch (role.kind) {
    case "gateway":
      return gatewayPlan(facts);
    case "signer":
      return peerPlan(facts, "signer", "signer", ["signer"], NO_NETWORK);
    case "console":
      return peerPlan(facts, "console", "console", ["console"], servesOn(facts.consolePort));
    case "adapter":
      return peerPlan(
        facts,
        "adapter",
        role.instance,
        ["adapter", role.instance],
        adapterNetwork(role, facts),
      );
    case "mcp-proxy":
      return mcpProxyPlan(facts, role.reach);
  }
}

/**
 * Starts the servers of mcp.json: whatever one of them reaches it can reach too, and its stub runs from our
 * file.
 */
function mcpProxyPlan(facts: PlanFacts, reach: McpReach): LaunchPlan {
  const plan = peerPlan(facts, "mcp-proxy", "mcp", ["mcp-proxy"], reach.network);
  const servers: PathRule = { path: join(facts.paths.root, "mcp"), rights: "work", make: "folder" };
  // Limits are inherited, and the servers' programs have others.
  const limits = { openFiles: OPEN_FILES };
  const paths = [...plan.paths, servers, ...reach.paths];
  return { ...plan, paths, makesNetworks: reach.makesNetworks, startsPrograms: true, limits };
}

/**
 * Reaches providers and the SIEM at any port; starts tool runs; reads the whole record, but no secret's
 * file.
 */
function gatewayPlan(facts: PlanFacts): LaunchPlan {
  const { paths } = facts;
  return {
    ...common(facts, "gateway"),
    role: "gateway",
    args: ["gateway"],
    paths: [
      ...SYSTEM_RULES,
      ...selfRules(facts.self),
      { path: paths.auditFolder, rights: "write", make: "folder" },
      { path: paths.state("gateway"), rights: "write", make: "folder" },
      { path: join(paths.root, "spool"), rights: "write", make: "folder" },
      { path: join(paths.root, "agents"), rights: "work", make: "folder" },
      { path: paths.skills, rights: "read", make: "folder" },
      { path: paths.trust, rights: "read", make: "folder" },
      { path: paths.sockets, rights: "listen", make: "folder" },
      { path: paths.config, rights: "write", make: "file" },
      { path: paths.operator, rights: "read", make: "folder" },
      { path: paths.logPub, rights: "write", make: "file" },
    ],
    network: { connect: "any", bind: [], sockets: "any" },
    unixSockets: "listen",
    startsPrograms: true,
  };
}

/** A role that talks to the gateway over descriptor 3 and keeps only its own state and spool. */
function peerPlan(
  facts: PlanFacts,
  role: "signer" | "console" | "adapter" | "mcp-proxy",
  peer: string,
  args: readonly string[],
  network: NetworkPlan,
): LaunchPlan {
  const state: PathRule = { path: facts.paths.state(peer), rights: "write", make: "folder" };
  const spool: PathRule = { path: facts.paths.spool(peer), rights: "write", make: "folder" };
  const trust: PathRule = { path: facts.paths.trust, rights: "read", make: "folder" };
  const own = {
    signer: [state],
    console: [state, spool],
    adapter: [state, spool, trust],
    "mcp-proxy": [state, trust],
  };
  return {
    ...common(facts, role),
    role,
    args,
    paths: [...SYSTEM_RULES, ...selfRules(facts.self), ...own[role]],
    network,
    unixSockets: "none",
    dial: facts.paths.gatewaySocket,
    startsPrograms: false,
    limits: { openFiles: OPEN_FILES, fileBytes: FILE_BYTES_MAX, processes: TASKS_MAX },
  };
}

function adapterNetwork(role: Extract<PlannedRole, { kind: "adapter" }>, facts: PlanFacts): NetworkPlan {
  switch (needsOf(role.channel).reach) {
    case "page":
      return servesOn(facts.webchatPort);
    case "platform":
      return speaksWith([HTTPS_PORT, DNS_PORT, ...role.ports], role.webhookPort);
    case "own_server":
      return speaksWith([DNS_PORT, ...role.ports], role.webhookPort);
  }
}

function speaksWith(ports: readonly number[], webhookPort: number | undefined): NetworkPlan {
  const bind = webhookPort === undefined ? [] : [webhookPort];
  return { connect: [...new Set(ports)], bind, sockets: "any" };
}

function servesOn(port: number): NetworkPlan {
  return { connect: [], bind: [port], sockets: "tcp" };
}

function common(
  facts: PlanFacts,
  role: KeptRole,
): Pick<LaunchPlan, "env" | "cwd" | "limits" | "handoff" | "required"> {
  return {
    env: {
      PATH: SYSTEM_PATH,
      LANG: "C.UTF-8",
      WIRKEN_DATA_DIR: facts.paths.root,
      WIRKEN_WEBCHAT_PORT: String(facts.webchatPort),
      WIRKEN_CONSOLE_PORT: String(facts.consolePort),
    },
    cwd: "/",
    limits: { openFiles: OPEN_FILES },
    handoff: HANDOFF_NAMES[role],
    required: facts.required,
  };
}
