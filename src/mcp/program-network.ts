/**
 * The way out of one run of a server's program: an empty network of the program's own, whose listener comes over a
 * door from the launch stub and is served by a broker, for as long as the program runs. Nothing else can reach that
 * listener, and the program can reach nothing else (docs/mcp.md).
 */
import { closeSync } from "node:fs";
import { Broker, BROKER_LIMITS, type BrokerPorts, type EgressVerdict } from "#broker/broker.ts";
import { isLocalName } from "#broker/public-address.ts";
import { type EgressRule, openRule } from "#broker/rule.ts";
import { adoptListener } from "#broker/wires.ts";
import { type Origin, originText, parseOrigin } from "#contracts/origin.ts";
import { receiveDescriptor } from "#host/descriptor-passing.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { socketPair } from "#host/socket-pair.ts";
import { type Allowance, allowance } from "#runtime/allowance.ts";

/** What the proxy's broker needs of the world. */
export interface ProgramNetworkPorts extends Pick<BrokerPorts, "clock" | "resolve" | "dial"> {
  /** Resolves once a server's verdict is on record; a rejection lets nothing out. */
  readonly onEgress: (server: string, verdict: EgressVerdict) => Promise<void>;
}

const LOOK_MS = 2;
/** Each is a row of the record. */
const REQUESTS_PER_MINUTE_MAX = 1_200;
/** A server lives long: what bounds one call of a tool would end it. */
const LIMITS_OF_A_LIFE = {
  ...BROKER_LIMITS,
  bytesOutMax: Number.MAX_SAFE_INTEGER,
  bytesInMax: Number.MAX_SAFE_INTEGER,
};

/** The hosts of an entry, for people. */
export function hostsText(hosts: readonly string[]): string {
  return originsOf(hosts).map(originText).join(", ");
}

export class ProgramNetwork implements Disposable {
  readonly #doors = new DisposableStack();
  readonly #clock: ProgramNetworkPorts["clock"];
  readonly #libc: Libc;
  readonly #near: number;
  readonly #broker: Broker;
  #far: number | undefined;
  #isOpen = false;

  private constructor(
    libc: Libc,
    pair: readonly [number, number],
    broker: Broker,
    clock: BrokerPorts["clock"],
  ) {
    [this.#near, this.#far] = pair;
    this.#libc = libc;
    this.#broker = this.#doors.use(broker);
    this.#clock = clock;
    this.#doors.defer(() => closeSync(this.#near));
  }

  /** A way out for one run of `server` to the hosts of its entry. `undefined`: this system has none. */
  static make(
    server: string,
    hosts: readonly string[],
    { onEgress, ...world }: ProgramNetworkPorts,
  ): ProgramNetwork | undefined {
    const libc = loadLibc();
    const pair = libc === undefined ? undefined : socketPair();
    if (libc === undefined || pair === undefined) return undefined;
    const broker = new Broker({
      ...world,
      rules: originsOf(hosts).map(ruleOf),
      token: "",
      onVerdict: bounded(allowance(REQUESTS_PER_MINUTE_MAX, world.clock), (seen) => onEgress(server, seen)),
      limits: LIMITS_OF_A_LIFE,
    });
    return new ProgramNetwork(libc, pair, broker, world.clock);
  }

  /** The end of the door that the launch stub inherits. */
  get door(): number {
    if (this.#far === undefined) throw new Error("mcp: the door was used before");
    return this.#far;
  }

  /** The listener has come: the program runs, or ran, in a network of its own. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Waits for the listener of the run that was started with `door`, and serves it. `ended`: it will not come. */
  async serve(ended: Promise<unknown>): Promise<void> {
    this.#closeFar();
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    for (;;) {
      const wasOver = isOver; // what was sent before the end is still looked for
      if (this.#doors.disposed) return;
      const handed = receiveDescriptor(this.#libc, this.#near);
      if (handed !== undefined) {
        this.#isOpen = true;
        this.#doors.use(adoptListener(handed.descriptor, (socket) => void this.#broker.serve(socket)));
        return;
      }
      if (wasOver) return;
      await this.#clock.sleep(LOOK_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#closeFar();
    this.#doors.dispose();
  }

  #closeFar(): void {
    if (this.#far !== undefined) closeSync(this.#far);
    this.#far = undefined;
  }
}

function originsOf(hosts: readonly string[]): readonly Origin[] {
  return hosts.map(parseOrigin).filter((origin) => origin !== undefined);
}

/** The operator wrote the host: one that is known to be near may be; a public name must not lead to one. */
function ruleOf(origin: Origin): EgressRule {
  return openRule(origin, isLocalName(origin.host));
}

/** A program that asks without end fills no record. */
function bounded(allowed: Allowance, tell: BrokerPorts["onVerdict"]): BrokerPorts["onVerdict"] {
  return async (seen) => {
    if (!allowed.take()) throw new Error("mcp: too many requests of a server");
    await tell(seen);
  };
}
