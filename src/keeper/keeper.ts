/**
 * The keeper, role `wirken run` (docs/ARCHITECTURE.md): opens the vault, starts and restarts the other
 * roles, hands each exactly its own secrets, stops them in order. It reads no network and nothing that a
 * stranger wrote.
 */
import type { Config } from "#contracts/config.ts";
import type { Fault } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { McpFile } from "#contracts/mcp-config.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { endFault, exitOf } from "#contracts/role-end.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Environment } from "#host/env.ts";
import { ensureFolder } from "#host/files.ts";
import { type DataPaths, dataPaths } from "#host/paths.ts";
import type { RunMark } from "#host/run-mark.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import type { Keychain } from "#vault/keychain.ts";
import { readConfigFile } from "#host/config-file.ts";
import { readMcpFile } from "#host/mcp-file.ts";
import type { KeeperEvent } from "./events.ts";
import { prepareFolders, settleState } from "./folders.ts";
import { lockInstance } from "./instance-lock.ts";
import type { RoleStarter } from "./launch.ts";
import { type HolderOf, freePorts } from "./page-ports.ts";
import { OperatorFiles } from "./operator-files.ts";
import { MCP, configuredAdapter, configuredInstances, coreRoles, mcpProxyOf } from "./roster.ts";
import { RunSecrets } from "./run-secrets.ts";
import { Staff } from "./staff.ts";
import { VaultDoor } from "./vault-door.ts";

export interface KeeperOptions {
  readonly environment: Pick<Environment, "dataDir" | "webchatPort" | "consolePort" | "passphrase">;
  /** Asks a person for the passphrase of a vault that has one, where nobody gave it. */
  readonly askPassphrase: () => Promise<SecretString | undefined>;
  readonly keychain: Keychain;
  /** Lower-case hex SHA-256 of this executable. */
  readonly executableSha256: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly starter: RoleStarter;
  readonly holderOf: HolderOf;
  /** Mechanisms that this system lacks, for people; empty where everything can be enforced. */
  readonly missingWalls: () => readonly string[];
  /** What the keeper does to its own process and its descendants. */
  readonly self: {
    /** Not dumpable; orphans become its children. */
    protect(): void;
    /** Ends what an earlier keeper of the data folder, of whom `former` tells, left behind; returns how many. */
    endLeftovers(root: string, former: RunMark | undefined): Promise<number>;
    /** Ends every descendant; returns how many there were. */
    endDescendants(): Promise<number>;
  };
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** How long an orderly stop may take, in milliseconds. Default: LIMITS.stop_ms_max. */
  readonly stopMsMax?: number;
  readonly onEvent: (event: KeeperEvent) => void;
}

/**
 * Runs until `signal` aborts and everything has stopped. Fails where the start fails: another keeper runs, the
 * configuration is wrong, a page's port is taken, the vault does not open; and later where a role ends for a reason
 * that a person must deal with (contracts/role-end.ts).
 */
export async function runKeeper(options: KeeperOptions): Promise<Result<void, Fault>> {
  const { environment, self, clock, onEvent } = options;
  const paths = dataPaths(environment.dataDir);
  const root = ensureFolder(paths.root);
  if (!root.ok) return root;
  const lock = lockInstance(paths.keeperMark);
  if (!lock.ok) return lock;
  using held = lock.value;
  self.protect();
  const leftovers = await self.endLeftovers(paths.root, held.former);
  if (leftovers > 0) onEvent({ kind: "leftovers", count: leftovers });
  const config = readConfigFile(paths.config);
  if (!config.ok) return config;
  const folders = prepareFolders(paths, Object.keys(config.value.agents));
  if (!folders.ok) return folders;
  const confined = enforceable(config.value, options.missingWalls());
  if (!confined.ok) return confined;
  const free = freePorts(environment, options.holderOf);
  if (!free.ok) return free;
  const door = await VaultDoor.open({
    path: paths.vaultDb,
    clock,
    random: options.random,
    keychain: options.keychain,
    passphrase: environment.passphrase,
    askPassphrase: options.askPassphrase,
  });
  if (!door.ok) return door;
  using opened = door.value;
  using secrets = new RunSecrets(options.random);
  const ephemeral = opened.keeping.kind === "none";
  onEvent({ kind: "vault", keeping: opened.keeping });
  const settled = settleState(paths, ephemeral, clock.now());
  if (!settled.ok) return settled;
  if (settled.value) onEvent({ kind: "state_aside" });
  const servers = serversOf(paths, onEvent);
  const files = new OperatorFiles(
    { config: () => readConfigFile(paths.config), servers: () => readMcpFile(paths.mcpFile, paths.root) },
    config.value,
    servers,
  );
  const halt = Promise.withResolvers<Fault>();
  const staff: Staff = new Staff({
    door: opened,
    starter: options.starter,
    files,
    facts: factsOf(options, paths, ephemeral, secrets),
    clock,
    random: options.random,
    holderOf: options.holderOf,
    onHalt: halt.resolve,
    onEvent: readiness(
      onEvent,
      () => opened.cool(),
      () => staff.names(),
    ),
  });
  const proxy = mcpProxyOf(servers, config.value);
  const hired = await staff.hire([
    ...coreRoles(),
    ...channelsOf(config.value, onEvent),
    ...(proxy === undefined ? [] : [proxy]),
  ]);
  if (!hired.ok) return hired;
  staff.run();
  const halted = await Promise.race([aborted(options.signal), halt.promise]);
  if (halted === undefined) onEvent({ kind: "stopping", reason: reasonOf(options.signal) });
  await stopAll(staff, clock, options.stopMsMax ?? LIMITS.stop_ms_max);
  const ended = await self.endDescendants();
  if (halted === undefined) {
    onEvent({ kind: "stopped", sealed: staff.sealed, ended });
    return ok(undefined);
  }
  held.leave(halted.reason ?? halted.code);
  return err(halted);
}

/** The exit code of a keeper's end. */
export function exitCodeOf(result: Result<void, Fault>): number {
  return result.ok ? 0 : exitOf(result.error);
}

/**
 * In order: adapters and console end while the gateway still takes what they say; the gateway ends its
 * turns and has its heads signed while the signer still runs; the signer goes last.
 */
async function stopAll(staff: Staff, clock: Clock, msMax: number): Promise<void> {
  const begun = clock.monotonic();
  const until = (share: number): number => begun + msMax * share - clock.monotonic();
  staff.stopReason = "stop";
  staff.retire();
  const peers = staff.names().filter((name) => name !== "gateway" && name !== "signer");
  await Promise.all(peers.map((name) => staff.stop(name, until(STOP_SHARES.peers))));
  await staff.stop("gateway", until(STOP_SHARES.gateway));
  await staff.stop("signer", until(STOP_SHARES.signer));
}

/** By which share of the whole time each has ended or is killed: adapters may need five seconds for begun sends. */
const STOP_SHARES = { peers: 0.52, gateway: 0.88, signer: 0.94 } as const;

/** Fails with reason `not_confined` where the configuration requires what this system cannot enforce. */
function enforceable(config: Config, missing: readonly string[]): Result<void, Fault> {
  if (config.confinement !== "required" || missing.length === 0) return ok(undefined);
  const message = `config.json requires confinement, and this system has no ${missing.join(" and no ")}`;
  return err({ ...endFault("not_confined"), message });
}

function channelsOf(config: Config, onEvent: (event: KeeperEvent) => void) {
  return configuredInstances(config.channels).flatMap((instance) => {
    const role = configuredAdapter(config, instance);
    if (role.ok) return [role.value];
    onEvent({ kind: "skipped", role: instance, fault: role.error });
    return [];
  });
}

/** A broken mcp.json is said and costs its servers, not the start. */
function serversOf(paths: DataPaths, onEvent: (event: KeeperEvent) => void): McpFile {
  const file = readMcpFile(paths.mcpFile, paths.root);
  if (file.ok) return file.value;
  onEvent({ kind: "skipped", role: MCP, fault: file.error });
  return { mcpServers: {} };
}

function factsOf(options: KeeperOptions, paths: DataPaths, ephemeral: boolean, secrets: RunSecrets) {
  const { webchatPort, consolePort } = options.environment;
  const { executableSha256, starter } = options;
  return { paths, webchatPort, consolePort, executableSha256, peersDial: !starter.dials, ephemeral, secrets };
}

/** Passes events on and adds `ready` once every role of the start has run; `cool` is called then, too. */
function readiness(
  onEvent: (event: KeeperEvent) => void,
  cool: () => void,
  names: () => readonly string[],
): (event: KeeperEvent) => void {
  const run = new Set<string>();
  let ready = false;
  return (event) => {
    onEvent(event);
    if (ready || event.kind !== "role" || event.report.state !== "running") return;
    run.add(event.report.peerId);
    if (!names().every((name) => run.has(name))) return;
    ready = true;
    cool();
    onEvent({ kind: "ready" });
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : "stopped";
}
