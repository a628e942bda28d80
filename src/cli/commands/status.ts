/** `wirken status`: what runs, where, confined how. */
import type { ChannelView, McpView, StatusView } from "#contracts/control-results.ts";
import type { RoleStatus } from "#contracts/page-api.ts";
import type { Leaf } from "../command.ts";
import { mebibytes, moment, table } from "../output.ts";
import { ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";

export const status: Leaf = {
  description: "show what runs: roles, memory, confinement, the record",
  args: {},
  json: true,
  run: async (context) => {
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const view = await connection.call("status", {});
    if (!view.ok) return view;
    const channels = await connection.call("channels_list", {});
    if (!channels.ok) return channels;
    const servers = await connection.call("mcp_list", {});
    if (!servers.ok) return servers;
    context.out.data({ ...view.value, channels: channels.value, mcp: servers.value }, () =>
      lines(view.value, channels.value, servers.value),
    );
    return ok(0);
  },
};

function lines(
  view: StatusView,
  channels: readonly ChannelView[],
  servers: readonly McpView[],
): readonly string[] {
  return [
    `wirken ${view.version}, started ${moment(view.startedMs)}, data in ${view.dataDir}`,
    `model    ${view.provider === "rehearsal" ? "rehearsal script, not a model" : `${view.provider} · ${view.model}`}`,
    `record   ${String(view.rows)} rows, log ${view.logId}${view.ephemeral ? ", keys live for this run only (no vault yet)" : ""}`,
    `box      ${view.box.enforced ? "commands run in one" : `none, so every command asks: ${visible(view.box.detail)}`}`,
    `chat     ${view.chatUrl}`,
    `console  ${view.consoleUrl}`,
    ...(view.pendingApprovals > 0
      ? [`waiting  ${String(view.pendingApprovals)} approvals: \`wirken permissions pending\``]
      : []),
    ...channels
      .filter(({ state }) => state !== "ready")
      .map(
        ({ instance, state, detail }) =>
          `channel  ${instance} ${state}${detail === "" ? "" : `: ${visible(detail)}`}`,
      ),
    ...servers.map(serverLine),
    ...view.roles.flatMap(({ peerId, why }) => (why === "" ? [] : [`failed   ${peerId}: ${visible(why)}`])),
    "",
    ...table(["role", "pid", "state", "since", "restarts", "rss", "pss", "walls"], view.roles.map(row)),
  ];
}

/** A server whose network is not confined is said to be so, whatever its state. */
function serverLine({ server, transport, state, detail, network, tools }: McpView): string {
  const approved = tools.filter(({ standing }) => standing === "approved").length;
  const changed = tools.filter(({ standing }) => standing === "changed").length;
  const parts = [
    state,
    ...(detail === "" ? [] : [visible(detail)]),
    `${String(approved)} of ${String(tools.length)} tools approved`,
    ...(changed === 0 ? [] : [`${String(changed)} changed since: \`wirken mcp approve ${server}\``]),
    ...(network === "unconfined" ? ["network unconfined: it reaches any host"] : []),
    ...(transport === "stdio" && network.includes("://") ? [`reaches ${visible(network)} alone`] : []),
  ];
  return `mcp      ${server} ${parts.join(", ")}`;
}

function row(role: RoleStatus): readonly string[] {
  const inForce = role.confinement.filter((wall) => wall.inForce).length;
  return [
    role.peerId === "" || role.peerId === role.role ? role.role : `${role.role} ${role.peerId}`,
    role.pid === 0 ? "-" : String(role.pid),
    role.state,
    moment(role.sinceMs),
    String(role.restarts),
    mebibytes(role.rssBytes),
    mebibytes(role.pssBytes),
    role.confinement.length === 0 ? "unknown" : `${String(inForce)}/${String(role.confinement.length)}`,
  ];
}
