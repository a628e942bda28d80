/**
 * The roles that the keeper knows, each with its supervisor: starting them with what is theirs, registering
 * them with the gateway, doing what the gateway asks of a role that is known. The gateway goes first; peers
 * start while it listens.
 */
import type { PlannedRole } from "#confine/role-plans.ts";
import { type Fault, fault } from "#contracts/fault.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import type { FromKeeper, RoleReport, ToKeeper } from "#contracts/keeper-link.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { AskLimit } from "./ask-limit.ts";
import { Gate } from "./gate.ts";
import { type GatewayLink, gatewayLink } from "./gateway-link.ts";
import { type HandoffFacts, buildHandoff, disposeHandoff, registrationOf } from "./handoffs.ts";
import type { RoleStarter } from "./launch.ts";
import { logOpened } from "./log-opening.ts";
import { type Member, reportOf } from "./member.ts";
import { type FailurePorts, tellFailure } from "./role-failure.ts";
import type { OperatorFiles } from "./operator-files.ts";
import { configuredRole, isConfigured, nameOf } from "./roster.ts";
import { type RoleProcess, type StateChange, Supervisor } from "./supervisor.ts";
import type { VaultDoor } from "./vault-door.ts";

export interface StaffOptions extends Omit<FailurePorts, "facts"> {
  readonly facts: Omit<HandoffFacts, "config" | "servers" | "registry">;
  readonly door: VaultDoor;
  readonly starter: RoleStarter;
  readonly files: OperatorFiles;
  readonly clock: Clock;
  readonly random: Random;
}

const GATEWAY = "gateway";
/** A gateway that does not listen by then is started again. */
const LISTEN_MS_MAX = 20_000;
/** How long a role may take to end when it is started again. */
const RESTART_GRACE_MS = 5_000;
/** The stub becomes the role, and the role closes its last doors, in well under this. */
const WALLS_SETTLE_MS = 1_000;

export class Staff {
  readonly #options: StaffOptions;
  readonly #members = new Map<string, Member>();
  readonly #registry = new Map<string, RegisteredPeer>();
  readonly #gate = new Gate();
  #link: GatewayLink | undefined;
  readonly #asks: AskLimit;
  /** True once the gateway said that its heads are signed and its log is closed. */
  sealed = false;
  /** Why a gateway is asked to end. */
  stopReason = "restart";

  constructor(options: StaffOptions) {
    this.#options = options;
    this.#asks = new AskLimit(options.clock);
  }

  /**
   * Adds roles; their keys are known to the gateway from its start. Returns the names of those that can
   * run.
   */
  async hire(roles: readonly PlannedRole[]): Promise<Result<readonly string[], Fault>> {
    const { door, facts, onEvent } = this.#options;
    return await door.use((vault) => {
      const hired: string[] = [];
      for (const role of roles) {
        const name = nameOf(role);
        if (role.kind !== GATEWAY) {
          const peer = registrationOf(role, vault, facts);
          if (!peer.ok && role.kind !== "adapter" && role.kind !== "mcp-proxy") return peer;
          if (!peer.ok) {
            onEvent({ kind: "skipped", role: name, fault: peer.error });
            continue;
          }
          this.#register(peer.value);
        }
        this.#members.set(name, this.#member(role));
        hired.push(name);
      }
      return ok(hired);
    });
  }

  /** Starts every role that was hired. */
  run(): void {
    for (const member of this.#members.values()) member.supervisor.run();
  }

  /** From now on nothing is started again: what ends has ended. */
  retire(): void {
    for (const member of this.#members.values()) member.supervisor.retire();
  }

  /** Stops one role and resolves when it is gone. */
  async stop(name: string, graceMs: number): Promise<void> {
    await this.#members.get(name)?.supervisor.stop(graceMs);
  }

  /** The names of the roles that are known, the gateway's first. */
  names(): readonly string[] {
    return [...this.#members.keys()];
  }

  #member(role: PlannedRole): Member {
    const { clock, random, onEvent } = this.#options;
    const name = nameOf(role);
    const supervisor = new Supervisor({
      clock,
      random,
      mayStart: (signal) => (name === GATEWAY ? Promise.resolve() : this.#gate.passed(signal)),
      start: () => (name === GATEWAY ? this.#startGateway() : this.#startPeer(name)),
      ask: (process) => this.#ask(name, process),
      onState: (change) => this.#changed(name, change),
      onFault: (problem) => onEvent({ kind: "fault", role: name, fault: problem }),
    });
    return { role, supervisor, walls: [], why: "", told: "" };
  }

  async #startGateway(): Promise<Result<RoleProcess, Fault>> {
    const { door, starter, clock } = this.#options;
    this.sealed = false;
    const linked = await gatewayLink({
      onMessage: (message) => this.#heard(message),
      onEnd: (why) => this.#unlinked(why),
    });
    if (!linked.ok) return linked;
    const link = linked.value;
    const role = this.#members.get(GATEWAY)?.role ?? { kind: GATEWAY };
    const handoff = await door.use((vault) => buildHandoff(role, vault, this.#facts()));
    if (!handoff.ok) {
      link[Symbol.dispose]();
      return handoff;
    }
    const started = await starter.start(role, handoff.value, {
      extraFds: [link.childFd],
      required: this.#options.files.config.confinement === "required",
    });
    disposeHandoff(handoff.value);
    link.handedOver();
    if (!started.ok) {
      link[Symbol.dispose]();
      return started;
    }
    this.#link = link;
    const late = clock.after(LISTEN_MS_MAX, () => {
      if (!this.#gate.isOpen) started.value.kill("SIGKILL");
    });
    void started.value.exited.then(() => {
      late();
      this.#gate.close();
      link[Symbol.dispose]();
    });
    return started;
  }

  async #startPeer(name: string): Promise<Result<RoleProcess, Fault>> {
    const { door, starter, facts } = this.#options;
    const member = this.#members.get(name);
    if (member === undefined) throw new Error("a role without a member");
    const { role } = member;
    const handoff = await door.use((vault) => {
      const peer = registrationOf(role, vault, facts);
      if (!peer.ok) return peer;
      this.#register(peer.value);
      return buildHandoff(role, vault, this.#facts());
    });
    if (!handoff.ok) return handoff;
    const required = this.#options.files.config.confinement === "required";
    const started = await starter.start(role, handoff.value, { extraFds: [], required });
    disposeHandoff(handoff.value);
    return started;
  }

  /** The gateway hears of a peer, or of a peer's new key, before the peer dials. */
  #register(peer: RegisteredPeer): void {
    if (this.#registry.get(peer.peerId)?.publicKey === peer.publicKey) return;
    this.#registry.set(peer.peerId, peer);
    this.#send({ kind: "peer", ...peer });
  }

  #facts(): HandoffFacts {
    const registry = [...this.#registry.values()];
    const { facts, files } = this.#options;
    return { ...facts, config: files.config, servers: files.servers, registry };
  }

  #ask(name: string, process: RoleProcess): void {
    if (name === GATEWAY && this.#send({ kind: "stop", reason: this.stopReason })) return;
    process.kill("SIGTERM");
  }

  #heard(message: ToKeeper): void {
    switch (message.kind) {
      case "listening":
        if (this.#gate.isOpen) return;
        this.#gate.open();
        for (const [name, member] of this.#members) this.#send(reportOf(name, member));
        this.#options.onEvent({ kind: "listening" });
        return;
      case "opened":
        void this.#logOpened();
        return;
      case "sealed":
        this.sealed = true;
        return;
      case "start":
      case "stop":
      case "restart":
        void this.#asked(message.kind, message.role);
    }
  }

  async #logOpened(): Promise<void> {
    const { door, facts, onEvent } = this.#options;
    const noted = await door.use((vault) => logOpened(vault, facts.ephemeral));
    if (!noted.ok) onEvent({ kind: "fault", role: GATEWAY, fault: noted.error });
  }

  /** What the gateway may ask: of roles that are known, and of those that the operator's files name. */
  async #asked(what: "start" | "stop" | "restart", name: string): Promise<void> {
    const ask = this.#asks.next();
    if (ask === "first") this.#refuse(GATEWAY, "the gateway asks for too much and is not heard for a minute");
    if (ask !== "heard") return;
    const { files, onEvent } = this.#options;
    files.readAgain((role, problem) => onEvent({ kind: "fault", role, fault: problem }));
    const wanted = configuredRole(name, files.config, files.servers);
    const known = this.#members.get(name);
    const isNew = known === undefined && what !== "stop" && wanted.ok;
    const member = isNew ? await this.#newMember(name, wanted.value) : known;
    if (member === undefined) return this.#refuse(name, "the gateway named a role that is not known");
    const comesAndGoes = isConfigured(member.role);
    if (comesAndGoes && wanted.ok) member.role = wanted.value;
    if (what === "stop" && !comesAndGoes) return this.#refuse(name, "the gateway may not stop this role");
    // Whatever is asked of a role that the files no longer name, it ends.
    const ends = what === "stop" || (comesAndGoes && !wanted.ok);
    if (ends) await member.supervisor.stop(RESTART_GRACE_MS);
    else if (what === "start") member.supervisor.run();
    else member.supervisor.restart(RESTART_GRACE_MS);
  }

  async #newMember(name: string, role: PlannedRole): Promise<Member | undefined> {
    const hired = await this.hire([role]);
    if (!hired.ok) this.#options.onEvent({ kind: "skipped", role: name, fault: hired.error });
    return this.#members.get(name);
  }

  #refuse(name: string, message: string): void {
    this.#options.onEvent({ kind: "fault", role: name, fault: fault("refused", message) });
  }

  #unlinked(why: "closed" | "broken"): void {
    this.#link = undefined;
    this.#gate.close();
    // Every peer ends with its connection; the gateway's own wait sets the pace for all of them.
    for (const [name, member] of this.#members) if (name !== GATEWAY) member.supervisor.excuse();
    if (why === "closed") return;
    this.#refuse(GATEWAY, "the gateway broke the keeper's vocabulary and is started again");
    this.#members.get(GATEWAY)?.supervisor.kill();
  }

  #changed(name: string, change: StateChange): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    member.walls = []; // right after its start a process is still the stub: nothing is claimed yet
    member.why = tellFailure(name, member, change, this.#options);
    this.#tell(reportOf(name, member));
    if (change.state === "running") this.#lookAtWalls(name, member, change.pid);
  }

  /** Reports what confines a process once it has become its role. */
  #lookAtWalls(name: string, member: Member, pid: number): void {
    this.#options.clock.after(WALLS_SETTLE_MS, () => {
      if (member.supervisor.last.pid !== pid) return;
      member.told = "";
      member.walls = this.#options.starter.walls(pid);
      this.#tell(reportOf(name, member));
    });
  }

  #tell(report: RoleReport): void {
    if (this.#gate.isOpen) this.#send(report);
    this.#options.onEvent({ kind: "role", report });
  }

  #send(message: FromKeeper): boolean {
    return this.#link?.send(message) ?? false;
  }
}
