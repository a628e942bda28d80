/** The roles that a configuration asks for, and what each needs of the vault before it can run. */
import { webhookPortOf } from "#contracts/channel-needs.ts";
import { isAdapterChannel } from "#contracts/channel.ts";
import type { Config } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { PeerRole } from "#contracts/frame.ts";
import type { KeptRole } from "#contracts/handoff.ts";
import { parseInstanceId } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { McpFile } from "#contracts/mcp-config.ts";
import { mcpReach } from "#confine/mcp-plan.ts";
import type { PlannedRole } from "#confine/role-plans.ts";

/** The MCP proxy's name on its connection, and its scope in the vault; a server's is `mcp/<server>`. */
export const MCP = "mcp";

/** What a role is called on the keeper's link, in its folders and on its connection. */
export function nameOf(role: PlannedRole): string {
  if (role.kind === "adapter") return role.instance;
  return role.kind === "mcp-proxy" ? MCP : role.kind;
}

/** The vault scope whose state key a role's folder is sealed with. */
export function scopeOf(role: PlannedRole): string {
  switch (role.kind) {
    case "adapter":
      return `channel/${role.instance}`;
    case "signer":
      return "sign";
    case "mcp-proxy":
      return MCP;
    case "gateway":
    case "console":
      return role.kind;
  }
}

/** How the gateway knows the role on its socket; the gateway itself is no peer. */
export function peerRoleOf(kind: KeptRole): PeerRole | undefined {
  if (kind === "gateway") return undefined;
  return kind === "mcp-proxy" ? "mcp" : kind;
}

/** Everything that always runs: chat is an adapter like the others, on its own channel. */
export function coreRoles(): readonly PlannedRole[] {
  const webchat = adapterOf("webchat");
  if (!webchat.ok) throw new Error("webchat is an adapter channel");
  return [{ kind: "gateway" }, { kind: "signer" }, { kind: "console" }, webchat.value];
}

/** The instances of `config.json` beside webchat, which always runs. */
export function configuredInstances(channels: Config["channels"]): readonly string[] {
  return Object.keys(channels).filter((instance) => instance !== "webchat");
}

/**
 * The adapter of an instance that reaches `servers` beside the platform's own. Fails with `unsupported` for a
 * channel that no adapter serves.
 */
export function adapterOf(instance: string, ...servers: readonly string[]): Result<PlannedRole, Fault> {
  const id = parseInstanceId(instance);
  const [channel = ""] = instance.split(":");
  if (!id.ok || !isAdapterChannel(channel)) {
    return fail("unsupported", "no adapter serves this channel", { reason: "no_adapter" });
  }
  return ok({ kind: "adapter", instance: id.value, channel, ports: servers.flatMap(portsOf) });
}

/** The proxy for the servers of mcp.json; `undefined` where it names none that may run. */
export function mcpProxyOf(file: McpFile, { network }: Pick<Config, "network">): PlannedRole | undefined {
  const isUsed = Object.values(file.mcpServers).some((entry) => !entry.disabled);
  const ports = network.proxy === undefined ? [] : portsOf(network.proxy);
  return isUsed ? { kind: "mcp-proxy", reach: mcpReach(file, ports) } : undefined;
}

/** The adapter of an instance that config.json names. */
export function configuredAdapter(config: Config, instance: string): Result<PlannedRole, Fault> {
  const channel = config.channels[instance];
  if (channel === undefined) return fail("not_found", "the channel is not in config.json");
  const servers = [channel.api_base, config.network.proxy].filter((url) => url !== undefined);
  const role = adapterOf(instance, ...servers);
  if (!role.ok || role.value.kind !== "adapter") return role;
  const webhookPort = webhookPortOf(role.value.channel, channel.port);
  return webhookPort === undefined ? role : ok({ ...role.value, webhookPort });
}

/** The role that the operator's files have under a name, beside those that always run. */
export function configuredRole(name: string, config: Config, servers: McpFile): Result<PlannedRole, Fault> {
  if (name !== MCP) return configuredAdapter(config, name);
  const proxy = mcpProxyOf(servers, config);
  return proxy === undefined ? fail("not_found", "mcp.json names no server") : ok(proxy);
}

/** True for a role that is there because the operator's files name it: it comes and goes with them. */
export function isConfigured(role: PlannedRole): boolean {
  return role.kind === "mcp-proxy" || (role.kind === "adapter" && role.instance !== "webchat");
}

/** The port that a URL of the configuration names, for the adapter's plan. */
function portsOf(url: string): readonly number[] {
  if (!URL.canParse(url)) return [];
  const { port, protocol } = new URL(url);
  if (port !== "") return [Number(port)];
  return [protocol === "http:" ? 80 : 443];
}
