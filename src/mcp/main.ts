/**
 * The MCP proxy role (hidden `wirken mcp-proxy`): takes its hand-off, proves itself to the gateway over the inherited
 * descriptor, keeps the servers of mcp.json connected and answers until the connection ends.
 */
import { FAULT_EXIT, type Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import type { Connection } from "#ipc/connection.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { peerEndpoint } from "#ipc/peer-endpoint.ts";
import { systemClock } from "#runtime/clock.ts";
import { type Log, stderrLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { type ProxyFacts, parseProxyHandoff } from "./handoff-facts.ts";
import { McpProxy } from "./proxy.ts";
import { outwardOf, serversOf } from "./servers.ts";

export interface RolePorts {
  /** Reads stdin to its end and checks it against the role's names. */
  readonly readHandoff: () => Promise<Result<ReadonlyMap<string, SecretBytes>, Fault>>;
}

/** Runs the role to its end. Answers the exit code: 0 when told to stop, else that of the fault. */
export async function main(ports: RolePorts): Promise<number> {
  const log = stderrLog("mcp-proxy");
  const handed = await ports.readHandoff();
  const ended = handed.ok ? await serve(handed.value, log) : handed;
  if (ended.ok) return ended.value === "stopped" ? 0 : FAULT_EXIT.unavailable;
  log.warn(ended.error.message, { code: ended.error.code, reason: ended.error.reason ?? "" });
  return FAULT_EXIT[ended.error.code];
}

async function serve(
  handoff: ReadonlyMap<string, SecretBytes>,
  log: Log,
): Promise<Result<"stopped" | "lost", Fault>> {
  const facts = parseProxyHandoff(handoff);
  if (!facts.ok) return facts;
  const { peerId, key, gatewayKey } = facts.value;
  const connected = await connectPeer({
    to: peerEndpoint(handoff),
    role: "mcp",
    peerId,
    key,
    gatewayKey,
    clock: systemClock,
    random: systemRandom,
  });
  if (!connected.ok) return connected;
  const stop = new AbortController();
  const end = await speak(connected.value, facts.value, stop.signal, log);
  stop.abort();
  return ok(end);
}

/** Answers the gateway until it says stop or the connection ends. */
function speak(
  connection: Connection,
  facts: ProxyFacts,
  stop: AbortSignal,
  log: Log,
): Promise<"stopped" | "lost"> {
  const parts = serversOf(facts, connection, outwardOf(facts));
  const proxy = new McpProxy({ ...parts, clock: systemClock });
  for (const server of parts.servers.values()) {
    void server.run(stop).catch((error: unknown) => {
      const name = error instanceof Error ? error.name : typeof error;
      log.warn("mcp.server_lost", { server: server.name, name });
    });
  }
  return new Promise((resolve) => {
    let told = false;
    connection.listen({
      onPayload: (payload) => {
        if (payload.kind !== "stop") return;
        told = true;
        connection.close("closed_here");
      },
      onRequest: (method, body) => proxy.answer(method, body),
      onClose: () => resolve(told ? "stopped" : "lost"),
    });
  });
}
