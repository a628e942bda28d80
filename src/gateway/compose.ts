/**
 * The composition root: constructs everything once, in order. What it needs from the world comes in as one object, so
 * tests compose the same parts over a journal in memory.
 */
import type { Approver } from "#contracts/approval.ts";
import type { Row } from "#contracts/audit-event.ts";
import type { Config } from "#contracts/config.ts";
import {
  type AgentId,
  GATEWAY_LANE,
  type InstanceId,
  type PersonId,
  parseAgentId,
  type SessionId,
} from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { LIMITS } from "#contracts/limits.ts";
import { readFileBounded } from "#host/files.ts";
import type { Scrubber } from "#contracts/scrubber.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Random } from "#runtime/random.ts";
import { Identity } from "#session/identity.ts";
import type { Resolve } from "#broker/address.ts";
import type { Dial } from "#broker/wires.ts";
import type { BoxPort } from "#tools/box-port.ts";
import type { FolderPort } from "#tools/folder-port.ts";
import type { HttpPort } from "#tools/http-port.ts";
import { isLocalName } from "#broker/public-address.ts";
import { recall } from "./again.ts";
import { AdapterLinks } from "./adapter-links.ts";
import { AdmissionDesk } from "./admission.ts";
import { Approvals } from "./approvals.ts";
import { Approvers } from "./approvers.ts";
import { Configuration } from "./configuration.ts";
import { CountedRows } from "./counted-rows.ts";
import { SeenEvents } from "./dedup.ts";
import { errorLine } from "./error-line.ts";
import { Egress } from "./egress.ts";
import { EventHub } from "./events.ts";
import { Feed } from "./feed.ts";
import { Grants } from "./grants.ts";
import { takeFiles } from "./inbox.ts";
import { Inflow } from "./inflow.ts";
import { Ingress } from "./ingress.ts";
import { McpDesk } from "./mcp-desk.ts";
import { PageKeys } from "./page-keys.ts";
import { PageLogin } from "./page-login.ts";
import { Pairing } from "./pairing.ts";
import { People } from "./people.ts";
import { PromptDesk } from "./prompts.ts";
import type { ToolCredentials } from "#tools/tool-credential.ts";
import { keyScrubber, type ProviderKey, Providers } from "./providers.ts";
import { TurnQueue } from "./queue.ts";
import { ReceptionDesk } from "./reception.ts";
import { AgentToolboxes } from "./tools.ts";
import { Turns } from "./turns.ts";

const INSTRUCTIONS_BYTES_MAX = 65_536;

export interface World {
  readonly journal: Journal;
  /** False for rows that were found unattested at a start. */
  readonly hasForce: (row: Row) => boolean;
  readonly paths: DataPaths;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly self: Self;
  readonly userName: string;
  readonly providerKeys: ReadonlyMap<string, ProviderKey>;
  readonly toolCredentials: ToolCredentials;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly http: HttpPort;
  readonly resolve: Resolve;
  readonly dial: Dial;
  /** Runs commands in a box, where that is enforced. */
  readonly box: BoxPort & FolderPort;
}

/** Everything that the sockets, the pages and the command line are served from. */
export interface Parts {
  readonly world: World;
  readonly configuration: Configuration;
  readonly identity: Identity;
  readonly people: People;
  readonly approvers: Approvers;
  readonly grants: Grants;
  readonly pairing: Pairing;
  readonly links: AdapterLinks;
  readonly counted: CountedRows;
  readonly hub: EventHub;
  readonly prompts: PromptDesk;
  readonly approvals: Approvals;
  readonly providers: Providers;
  readonly toolboxes: AgentToolboxes;
  readonly mcp: McpDesk;
  readonly egress: Egress;
  readonly queue: TurnQueue<SessionId, PersonId>;
  readonly turns: Turns;
  readonly ingress: Ingress;
  readonly reception: ReceptionDesk;
  readonly pageKeys: PageKeys;
  readonly pageLogin: PageLogin;
  /** The agent that answers on an instance. */
  agentOf(instance: InstanceId): AgentId;
}

/** Composes the parts; what must end is put onto `stack`. Rejects when the owner's row cannot be written. */
export async function compose(world: World, stack: AsyncDisposableStack): Promise<Parts> {
  const { journal, clock, random, log, paths, fetch, providerKeys: keys } = world;
  const onError = errorLine(log);
  const configuration = new Configuration(paths.config, journal, world.config);
  const config = (): Config => configuration.current;
  const identity = new Identity(journal, random);
  const owner = await People.owner(identity);
  const attested = journal.readSession(GATEWAY_LANE).filter(world.hasForce);
  const people = new People(identity, owner, attested);
  const approvers = new Approvers(journal, attested, owner);
  const grants = new Grants({ journal, clock, random }, attested);
  const pairing = new Pairing(clock, random);
  const links = new AdapterLinks();
  const counted = new CountedRows({ journal, clock, onError }, LIMITS.refusals_logged_per_minute_max);
  const dropped = new CountedRows({ journal, clock, onError }, 1);
  stack.use(counted);
  stack.use(dropped);
  const hub = new EventHub();
  stack.use(new Feed({ journal, identity, names: people, hub }));
  const prompts = new PromptDesk({ links, approvers, names: people, clock });
  const openMs = (): number => Math.round(config().policy.approval_minutes * 60_000);
  const approvals = new Approvals({ journal, clock, random, approvers, counted, surfaces: prompts, openMs });
  const scrubber = stack.use(keyScrubber(keys, world.toolCredentials));
  const providers = new Providers({ keys, fetch, clock, random, config, scrubber });
  const mcp = new McpDesk({ journal, attested, counted, stateChanged: () => hub.stateChanged() });
  const toolboxes = stack.use(new AgentToolboxes({ ...toolsPorts(world, config, scrubber), mcp: mcp.tools }));
  const egress = new Egress({ journal, links, clock, random, onError });
  const queue = new TurnQueue<SessionId, PersonId>(onError);
  stack.defer(() => queue.close());
  const grantDays = (): number => config().policy.grant_days;
  const agents = agentPorts(world, providers, toolboxes);
  const turns = new Turns({
    ...agents,
    journal,
    clock,
    random,
    approvals,
    grants,
    prompts,
    scrubber,
    grantDays,
    egress,
    hub,
    onError,
  });
  const agentOf = (instance: InstanceId): AgentId => agentFor(config(), instance);
  const statusLine = (): string => {
    const agent = agentFor(config());
    const choice = providers.choiceOf(agent);
    return `Agent ${agent}, ${choice.provider} ${choice.model} (${providers.whereOf(agent)}). ${approvals.pending().length} waiting for approval.`;
  };
  const reception = new ReceptionDesk({
    identity,
    approvals,
    egress,
    hub,
    queue,
    turns,
    statusLine,
    isAdmitted: (person) => people.isAdmitted(person),
    recall: (session, by) => recall({ world, identity, people }, session, by),
    takeFiles: (from, inbound) => takeFiles(paths, from, inbound),
  });
  const openGroups = (instance: InstanceId): readonly string[] =>
    config().channels[instance]?.open_groups ?? [];
  const admission = new AdmissionDesk({
    identity,
    people,
    approvers,
    pairing,
    journal,
    counted,
    clock,
    openGroups,
  });
  const pageKeys = new PageKeys(clock);
  pageKeys.restore(attested);
  const seen = new SeenEvents(journal, identity);
  const stateChanged = (): void => hub.stateChanged();
  const ingress = new Ingress({
    journal,
    identity,
    admission,
    seen,
    inflow: new Inflow(clock, dropped),
    counted,
    egress,
    links,
    reception,
    agentOf,
    stateChanged,
    onError,
  });
  return {
    world,
    configuration,
    identity,
    people,
    approvers,
    grants,
    pairing,
    links,
    counted,
    hub,
    prompts,
    approvals,
    providers,
    toolboxes,
    mcp,
    egress,
    queue,
    turns,
    ingress,
    reception,
    pageKeys,
    pageLogin: new PageLogin(clock, random),
    agentOf,
  };
}

/** What a turn asks about its agent. */
function agentPorts(world: World, providers: Providers, toolboxes: AgentToolboxes) {
  return {
    toolboxOf: (agent: AgentId) => toolboxes.of(agent),
    modelOf: (agent: AgentId) => providers.modelOf(agent),
    profileOf: (agent: AgentId) => providers.profileOf(agent),
    instructionsOf: (agent: AgentId) => instructionsOf(world.paths, agent),
  };
}

/** Standing instructions of an agent; empty when it has none. */
export function instructionsOf(paths: DataPaths, agent: AgentId): string {
  const bytes = readFileBounded(paths.instructions(agent), INSTRUCTIONS_BYTES_MAX);
  return bytes.ok ? new TextDecoder().decode(bytes.value) : "";
}

/** The agent of an instance, or the one that answers where none is named. */
export function agentFor(config: Config, instance?: InstanceId): AgentId {
  const named = instance === undefined ? undefined : config.channels[instance]?.agent;
  const known = [named, "default", ...Object.keys(config.agents)].find(
    (name) => name !== undefined && Object.hasOwn(config.agents, name),
  );
  const agent = parseAgentId(known ?? "default");
  if (!agent.ok) throw new Error("compose: the configuration holds an agent id that is none");
  return agent.value;
}

/** Approvers and their names, for status and command line. */
export function approverName(parts: Pick<Parts, "people">, entry: Approver): string {
  return parts.people.person(entry.person);
}

function toolsPorts(world: World, config: () => Config, scrubber: Scrubber) {
  const { paths, self, clock, random, http, resolve, dial, userName, box } = world;
  return {
    paths,
    self,
    clock,
    random,
    http,
    resolve,
    dial,
    userName,
    box,
    scrubber,
    credentials: world.toolCredentials,
    confinementRequired: () => config().confinement === "required",
    privateHosts: () =>
      config()
        .policy.allowed_hosts.map(({ host }) => host.toLowerCase())
        .filter(isLocalName),
  };
}
