/** Two ends of a connection without sockets: bytes move when `pump` is called, time when the clock is advanced. */
import type { Payload, PeerRole, RegisteredPeer } from "#contracts/frame.ts";
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { type Random, fixedRandom, systemRandom } from "#runtime/random.ts";
import type { CloseReason, Connection } from "./connection.ts";
import type { InboundEvidence } from "./evidence.ts";
import { GatewaySession, type PeerConnection, type Refusal } from "./gateway-session.ts";
import { SigningKey, newSeed } from "./keys.ts";
import type { Wire } from "./outbox.ts";
import { PeerSession } from "./peer-connect.ts";

/** A fresh signing key. */
export function makeKey(random: Random = systemRandom): SigningKey {
  const made = SigningKey.fromSeed(newSeed(random));
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

/** A wire that keeps what is written; `takes` limits how much a write takes. */
export class MemoryWire implements Wire {
  readonly written: Uint8Array[] = [];
  ended = false;
  takes = Number.POSITIVE_INFINITY;

  write(bytes: Uint8Array): number {
    if (this.ended) return -1;
    const taken = bytes.slice(0, Math.min(bytes.byteLength, this.takes));
    if (taken.byteLength > 0) this.written.push(taken);
    return taken.byteLength;
  }
  end(): void {
    this.ended = true;
  }
  /** Everything written since the last call. */
  read(): Uint8Array {
    return Buffer.concat(this.written.splice(0));
  }
}

export interface Heard {
  readonly payloads: Payload[];
  readonly evidence: InboundEvidence[];
  readonly closed: CloseReason[];
}

/** Listens and remembers. */
export function listenTo(connection: Connection): Heard {
  const heard: Heard = { payloads: [], evidence: [], closed: [] };
  connection.listen({
    onPayload: (payload, evidence) => {
      heard.payloads.push(payload);
      heard.evidence.push(evidence);
    },
    onClose: (reason) => heard.closed.push(reason),
  });
  return heard;
}

/** A gateway that knows one adapter, and what came of each connection. */
export class Lab {
  readonly clock: ManualClock = manualClock();
  readonly gatewayKey = makeKey();
  readonly peerKey = makeKey();
  readonly peers: PeerConnection[] = [];
  readonly refusals: Refusal[] = [];
  readonly live = new Set<string>();
  readonly registered: RegisteredPeer = {
    peerId: "telegram",
    role: "adapter",
    channel: "telegram",
    instance: "telegram:home",
    publicKey: this.peerKey.publicKey.hex,
  };

  /** The gateway's side of one more socket. */
  accept(random: Random = systemRandom): { wire: MemoryWire; session: GatewaySession } {
    const wire = new MemoryWire();
    const session = new GatewaySession(
      wire,
      {
        key: this.gatewayKey,
        clock: this.clock,
        random,
        registry: (peerId) => (peerId === this.registered.peerId ? this.registered : undefined),
        isConnected: (peerId) => this.live.has(peerId),
        onConnection: (peer) => this.peers.push(peer),
        onRefusal: (refusal) => this.refusals.push(refusal),
        onHandshakeEnd: () => {},
      },
      undefined,
    );
    return { wire, session };
  }

  /** A peer's side. */
  dial(
    more: {
      key?: SigningKey;
      gatewayKey?: SigningKey;
      role?: PeerRole;
      peerId?: string;
      random?: Random;
    } = {},
  ) {
    const wire = new MemoryWire();
    const concluded: Result<Connection, Fault>[] = [];
    const session = new PeerSession(
      wire,
      {
        to: { fd: -1 },
        role: more.role ?? "adapter",
        peerId: more.peerId ?? "telegram",
        key: more.key ?? this.peerKey,
        gatewayKey: (more.gatewayKey ?? this.gatewayKey).publicKey,
        clock: this.clock,
        random: more.random ?? fixedRandom(11),
      },
      (result) => concluded.push(result),
    );
    return { wire, session, concluded };
  }

  /** Both sides with their handshake done. */
  connect(more: Parameters<Lab["dial"]>[0] = {}) {
    const there = this.accept();
    const here = this.dial(more);
    pump(here, there);
    const [result] = here.concluded;
    const peer = this.peers.at(-1);
    if (result === undefined || !result.ok || peer === undefined)
      throw new Error("the handshake did not pass");
    return { here, there, connection: result.value, peer };
  }
}

interface End {
  readonly wire: MemoryWire;
  readonly session: { receive(bytes: Uint8Array): void; ended(reason: CloseReason): void };
}

/** Moves bytes until both are quiet; an end that ended is told to the other. */
export function pump(a: End, b: End): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const bytes = from.wire.read();
      if (bytes.byteLength > 0) to.session.receive(bytes);
      moved ||= bytes.byteLength > 0;
    }
  }
  if (a.wire.ended) b.session.ended("closed_there");
  if (b.wire.ended) a.session.ended("closed_there");
}
