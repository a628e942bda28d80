/**
 * The adapter role: takes its hand-off, proves itself to the gateway over the inherited descriptor, runs its
 * channel. Where things come from is passed in by `src/main.ts`, because the kit may name neither the host
 * nor a channel.
 */
import { type AdapterChannel, isAdapterChannel } from "#contracts/channel.ts";
import { FAULT_EXIT, type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { endNamed, exitOf } from "#contracts/role-end.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { peerEndpoint } from "#ipc/peer-endpoint.ts";
import { systemClock } from "#runtime/clock.ts";
import { type Log, stderrLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import type { AdapterDefinition } from "./adapter.ts";
import { noFailPoint } from "./fail-point.ts";
import type { AdapterHandoff } from "./handoff.ts";
import { ipcLink } from "./ipc-link.ts";
import { runAdapter } from "./main.ts";
import { stateSeal } from "#runtime/state-seal.ts";
import { fileSpool, fileStateStore } from "./state-store.ts";

export interface RolePorts {
  /** Loads one channel's module: the others stay on the disk. */
  readonly adapters: Readonly<Record<AdapterChannel, () => Promise<AdapterDefinition>>>;
  /** Reads stdin to its end and checks it against the role's names. */
  readonly readHandoff: () => Promise<Result<ReadonlyMap<string, SecretBytes>, Fault>>;
}

/**
 * Runs the role to its end. Answers the exit code: 0 when told to stop, else that of the fault (docs/audit-
 * cli.md).
 */
export async function main(ports: RolePorts): Promise<number> {
  const handed = await ports.readHandoff();
  if (!handed.ok) return FAULT_EXIT[handed.error.code];
  const handoff = handoffOf(handed.value);
  const log = stderrLog(handoff.instance === "" ? "adapter" : handoff.instance);
  const ended = await run(ports, handed.value, handoff, log);
  if (ended.ok) return ended.value === "stopped" ? 0 : FAULT_EXIT.unavailable;
  const { code, message, reason = "" } = ended.error;
  if (endNamed(reason) === undefined) log.warn(message, { code, reason }); // the keeper says the others
  return exitOf(ended.error);
}

async function run(
  ports: RolePorts,
  entries: ReadonlyMap<string, SecretBytes>,
  handoff: AdapterHandoff,
  log: Log,
): ReturnType<typeof runAdapter> {
  const channel = textOf(entries, "channel");
  const folders = { state: textOf(entries, "state-folder"), spool: textOf(entries, "spool-folder") };
  const keys = keysOf(entries);
  if (!keys.ok) return keys;
  if (!isAdapterChannel(channel) || folders.state === "" || folders.spool === "") {
    return fail("config", "the hand-off lacks what an adapter needs", { reason: "handoff" });
  }
  const connection = await connectPeer({
    to: peerEndpoint(entries),
    role: "adapter",
    peerId: handoff.instance,
    ...keys.value,
    clock: systemClock,
    random: systemRandom,
  });
  if (!connection.ok) return connection;
  const seal = stateSeal(handoff.stateKey, `channel/${handoff.instance}`, systemRandom);
  return runAdapter({
    define: await ports.adapters[channel](),
    handoff,
    link: ipcLink(connection.value),
    clock: systemClock,
    random: systemRandom,
    log,
    state: fileStateStore(folders.state, seal, systemRandom),
    spool: fileSpool(folders.spool, systemRandom),
    failPoint: noFailPoint,
  });
}

function keysOf(
  entries: ReadonlyMap<string, SecretBytes>,
): Result<{ key: SigningKey; gatewayKey: PublicKey }, Fault> {
  const seed = entries.get("peer-seed");
  const key = seed === undefined ? undefined : SigningKey.fromSeed(seed);
  const gatewayKey = entries.get("gateway-key")?.use((bytes) => PublicKey.parse(bytes));
  if (key?.ok !== true || gatewayKey?.ok !== true || entries.get("state-key")?.length !== 32) {
    return fail("config", "the hand-off lacks a key", { reason: "handoff" });
  }
  return ok({ key: key.value, gatewayKey: gatewayKey.value });
}

function handoffOf(entries: ReadonlyMap<string, SecretBytes>): AdapterHandoff {
  return {
    instance: textOf(entries, "peer-id"),
    stateKey: entries.get("state-key") ?? SecretBytes.take(new Uint8Array(0)),
    secret: (name) => entries.get(`secret:${name}`)?.use((bytes) => SecretString.take(bytes.slice())),
    setting: (name) => (entries.has(name) ? textOf(entries, name) : undefined),
  };
}

/** A value that is text; empty where it is missing or no UTF-8. */
function textOf(entries: ReadonlyMap<string, SecretBytes>, name: string): string {
  return (
    entries.get(name)?.use((bytes) => {
      try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {
        return ""; // a setting that is no text is a setting that is missing
      }
    }) ?? ""
  );
}
