/**
 * The console role: takes its hand-off, proves itself to the gateway over the inherited descriptor, serves
 * the page. Where the hand-off comes from is passed in by `src/main.ts`, because this zone may not name the
 * host.
 */
import { FAULT_EXIT, type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { endNamed, exitOf } from "#contracts/role-end.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { peerEndpoint } from "#ipc/peer-endpoint.ts";
import { systemClock } from "#runtime/clock.ts";
import { type Log, stderrLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { readOrigins, readPort } from "#pages/settings.ts";
import { runConsole } from "./console.ts";

export const DEFAULT_PORT = 18_791;

export interface RolePorts {
  /** Reads stdin to its end and checks it against the role's names. */
  readonly readHandoff: () => Promise<Result<ReadonlyMap<string, SecretBytes>, Fault>>;
}

/** Runs the role to its end. Answers the exit code: 0 when told to stop, else that of the fault. */
export async function main(ports: RolePorts): Promise<number> {
  const log = stderrLog("console");
  const ended = await serve(ports, log);
  if (ended.ok) return ended.value === "stopped" ? 0 : FAULT_EXIT.unavailable;
  const { code, message, reason = "" } = ended.error;
  if (endNamed(reason) === undefined) log.warn(message, { code, reason }); // the keeper says the others
  return exitOf(ended.error);
}

async function serve(ports: RolePorts, log: Log): Promise<Result<"stopped" | "lost", Fault>> {
  const handed = await ports.readHandoff();
  if (!handed.ok) return handed;
  const keys = keysOf(handed.value);
  if (!keys.ok) return keys;
  const port = readPort(textOf(handed.value, "port"), DEFAULT_PORT);
  if (!port.ok) return port;
  const origins = readOrigins(textOf(handed.value, "origins"));
  if (!origins.ok) return origins;
  const connection = await connectPeer({
    to: peerEndpoint(handed.value),
    role: "console",
    peerId: textOf(handed.value, "peer-id") ?? "console",
    ...keys.value,
    clock: systemClock,
    random: systemRandom,
  });
  if (!connection.ok) return connection;
  const link = connection.value;
  return runConsole({ port: port.value, origins: origins.value, link, clock: systemClock, log });
}

function keysOf(
  entries: ReadonlyMap<string, SecretBytes>,
): Result<{ key: SigningKey; gatewayKey: PublicKey }, Fault> {
  const seed = entries.get("peer-seed");
  const key = seed === undefined ? undefined : SigningKey.fromSeed(seed);
  const gatewayKey = entries.get("gateway-key")?.use((bytes) => PublicKey.parse(bytes));
  if (key?.ok !== true || gatewayKey?.ok !== true) {
    return fail("config", "the hand-off lacks a key", { reason: "handoff" });
  }
  return ok({ key: key.value, gatewayKey: gatewayKey.value });
}

/** A value that is text; what is no UTF-8 keeps replacement characters and fails where it is parsed. */
function textOf(entries: ReadonlyMap<string, SecretBytes>, name: string): string | undefined {
  return entries.get(name)?.use((bytes) => new TextDecoder().decode(bytes));
}
