/** The gateway from its hand-off to its last signed head, over everything that is passed in. */
import { auditCrypto } from "#audit/node-crypto.ts";
import type { AuditStore } from "#audit/audit-store.ts";
import { openLog } from "#audit/open-log.ts";
import type { Fault } from "#contracts/fault.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { VERSION } from "#contracts/version.ts";
import type { Libc } from "#host/libc.ts";
import { type DataPaths, dataPaths } from "#host/paths.ts";
import { peerCredentials } from "#host/peer-credentials.ts";
import { type GatewayListener, listenGateway } from "#ipc/gateway-listener.ts";
import { type OutboundFetch, outboundFetch } from "#host/outbound-fetch.ts";
import { type Dial, type Outside, outsideOf } from "#broker/wires.ts";
import type { HttpPort } from "#tools/http-port.ts";
import { compose, type Parts, type World } from "./compose.ts";
import { readConfigFile } from "#host/config-file.ts";
import { type GatewayHandoff, parseGatewayHandoff } from "./handoff-facts.ts";
import { errorLine } from "./error-line.ts";
import type { KeeperClient } from "./keeper-client.ts";
import { publishKeys } from "./log-files.ts";
import { PeerDoor } from "./peer-door.ts";
import { attachPeer } from "./peers.ts";
import { providerKeys } from "./providers.ts";
import { toolCredentials } from "./tool-credentials.ts";
import { RefusalRows } from "./refusal-rows.ts";
import { restore } from "./restore.ts";
import { RoleRows } from "./role-rows.ts";
import { type SignerClient, signerClient } from "./signer-client.ts";
import { openSurfaces } from "./surfaces.ts";

/** The keeper starts the signer when it hears `listening`. */
const SIGNER_MS_MAX = 30_000;
/** A box is tried in a tenth of a second; a gateway that would wait for longer goes on without. */
const BOX_MS_MAX = 5_000;

export interface GatewayPorts
  extends Omit<
    World,
    | "journal"
    | "hasForce"
    | "paths"
    | "config"
    | "providerKeys"
    | "toolCredentials"
    | "userName"
    | "fetch"
    | "http"
    | "dial"
  > {
  /** The runtime's fetch; the configured proxy and authorities are put around it. */
  readonly fetch: OutboundFetch;
  readonly http: (fetch: OutboundFetch) => HttpPort;
  /** Connections of the broker, through the same proxy, trusting the same authorities. */
  readonly dial: (outside: Outside) => Dial;
  readonly handoff: ReadonlyMap<string, SecretBytes>;
  readonly signal: AbortSignal;
  readonly keeper: KeeperClient;
  readonly libc: Libc | undefined;
  readonly admitsControl: (descriptor: number) => boolean;
  /** Refuses new Unix sockets in every thread from now on: the sockets that are open, and what they accept, go on. */
  readonly sealSockets: () => Result<void, Fault>;
  /** Told when the record's file was deleted or replaced: nothing can be recorded any more. */
  readonly onRecordLost: (fault: Fault) => void;
}

/** Serves until the keeper or the signal says stop. A fault means that it could not begin. */
export async function serveGateway(ports: GatewayPorts): Promise<Result<void, Fault>> {
  const facts = parseGatewayHandoff(ports.handoff);
  if (!facts.ok) return facts;
  const paths = dataPaths(facts.value.dataDir);
  const config = readConfigFile(paths.config);
  if (!config.ok) return config;
  const fetch = outboundFetch(ports.fetch, config.value.network, facts.value.authorities);
  if (!fetch.ok) return fetch;
  const stopped = stopPromise(ports);
  const signer = signerClient(ports.clock);
  const door = new PeerDoor(facts.value.registry, signer);
  ports.keeper.listen({
    onRole: (report) => door.report(report),
    onPeer: (peer) => door.register(peer),
    onStop: stopped.stop,
  });
  const listener = await listen(ports, facts.value, paths, door);
  if (!listener.ok) return listener;
  ports.keeper.send({ kind: "listening" });
  try {
    const store = await openStore(ports, facts.value, paths, Object.keys(config.value.agents), signer);
    if (!store.ok) return store;
    const world: World = {
      ...ports,
      fetch: fetch.value,
      http: ports.http(fetch.value),
      dial: ports.dial(outsideOf(config.value.network.proxy, facts.value.authorities)),
      userName: facts.value.userName,
      paths,
      config: config.value,
      journal: store.value,
      hasForce: (row) => store.value.hasForce(row),
      providerKeys: providerKeys(ports.handoff),
      toolCredentials: toolCredentials(ports.handoff),
    };
    return await live({
      ports,
      facts: facts.value,
      world,
      store: store.value,
      signer,
      door,
      stopped: stopped.promise,
    });
  } finally {
    listener.value.stop();
  }
}

interface Life {
  readonly ports: GatewayPorts;
  readonly facts: GatewayHandoff;
  readonly world: World;
  readonly store: AuditStore;
  readonly signer: SignerClient;
  readonly door: PeerDoor;
  readonly stopped: Promise<string>;
}

/** Everything between the open log and its last row. */
async function live(life: Life): Promise<Result<void, Fault>> {
  const { ports, facts, world, store, door } = life;
  const { log, clock } = ports;
  const startedMs = clock.now();
  const payload = { version: VERSION, executable: facts.executableSha256, ephemeral: facts.ephemeral };
  await store.append([{ session: GATEWAY_LANE, kind: "started", trust: "system", payload }]);
  let why = "failed";
  {
    await using stack = new AsyncDisposableStack();
    await Promise.race([ports.box.ready, clock.sleep(BOX_MS_MAX)]);
    const parts: Parts = await compose(world, stack);
    await restore(parts, (peerId) => door.peer(peerId));
    const onError = errorLine(log);
    const surfaces = openSurfaces({ ...life, parts, startedMs, onError });
    const closed = ports.sealSockets();
    if (!surfaces.ok || !closed.ok) {
      store.close();
      return surfaces.ok ? closed : surfaces;
    }
    stack.use(surfaces.value.control);
    const refusals = new RefusalRows(store, clock, onError);
    const roles = new RoleRows(store, onError);
    roles.noteBox(ports.box);
    door.open({
      attach: (peer) => attachPeer(peer, parts, surfaces.value.pages),
      refuse: (refusal) => refusals.note(refusal),
      role: (report) => {
        parts.hub.stateChanged();
        roles.note(report);
      },
    });
    why = await life.stopped;
    await door.close(clock);
    await parts.ingress.idle();
  }
  const stopped = {
    session: GATEWAY_LANE,
    kind: "stopped",
    trust: "system",
    payload: { reason: "stop" },
  } as const;
  const sealed = await store.stop(stopped);
  log.info("gateway.stopped", { why, sealed });
  if (sealed) ports.keeper.send({ kind: "sealed" });
  await door.dismissSigner();
  return ok(undefined);
}

async function openStore(
  ports: GatewayPorts,
  facts: GatewayHandoff,
  paths: DataPaths,
  agents: readonly string[],
  signer: SignerClient,
): Promise<Result<AuditStore, Fault>> {
  const connected = await signer.connected(SIGNER_MS_MAX);
  if (!connected.ok) return connected;
  const store = await openLog({
    path: paths.auditDb,
    archiveFolder: paths.auditArchive,
    crypto: auditCrypto(),
    clock: ports.clock,
    random: ports.random,
    signer,
    keysLiveForOneRun: facts.ephemeral || facts.logBegins,
    acceptTail: facts.acceptTail,
    acceptState: facts.acceptState,
    alarm: (fault) => ports.log.warn("record.alarm", { message: fault.message, reason: fault.reason ?? "" }),
    onLost: ports.onRecordLost,
    publishKeys: (holder, keys) => {
      const written = publishKeys(paths, holder, keys);
      if (!written.ok) ports.log.warn("record.keys_unpublished", { holder, message: written.error.message });
    },
  });
  if (!store.ok) return store;
  ports.keeper.send({ kind: "opened" });
  for (const agent of agents) {
    const announced = await store.value.announceAgent(agent);
    if (!announced.ok) return announced;
  }
  return store;
}

function listen(
  ports: GatewayPorts,
  facts: GatewayHandoff,
  paths: DataPaths,
  door: PeerDoor,
): Promise<Result<GatewayListener, Fault>> {
  const uid = process.getuid?.();
  const { libc, clock, random } = ports;
  const kernel =
    libc === undefined
      ? {}
      : {
          peerCredentials: (fd: number) => peerCredentials(libc, fd),
          admits: (peer: { readonly uid: number }) => peer.uid === uid,
        };
  return listenGateway({
    path: paths.gatewaySocket,
    key: facts.key,
    registry: (peerId) => door.peer(peerId),
    clock,
    random,
    onConnection: (peer) => door.knock(peer),
    onRefusal: (refusal) => door.refused(refusal),
    ...kernel,
  });
}

function stopPromise(ports: Pick<GatewayPorts, "signal">) {
  const { promise, resolve } = Promise.withResolvers<string>();
  if (ports.signal.aborted) resolve("signal");
  ports.signal.addEventListener("abort", () => resolve("signal"), { once: true });
  return { promise, stop: resolve };
}
