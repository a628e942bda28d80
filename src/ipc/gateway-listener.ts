/**
 * The gateway's end of `sockets/gateway.sock`: one listener, a bounded number of handshakes, one connection per peer.
 * The kernel's view of the caller (SO_PEERCRED) is taken through a parameter where the host has it.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { descriptorOf, openSocket } from "./bun-socket.ts";
import { framed } from "./framing.ts";
import {
  GatewaySession,
  type PeerConnection,
  type PeerCredentials,
  type Refusal,
} from "./gateway-session.ts";
import { refusalMessage } from "./handshake.ts";
import type { SigningKey } from "./keys.ts";
import type { Wire } from "./outbox.ts";
import { prepareSocketPath } from "./socket-path.ts";

export interface GatewayOptions {
  /** Path of the socket; its folder is ours alone (0700). */
  readonly path: string;
  readonly key: SigningKey;
  readonly registry: (peerId: string) => RegisteredPeer | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when a handshake has passed. Call `peer.connection.listen` there or later; nothing is lost between. */
  readonly onConnection: (peer: PeerConnection) => void;
  /** Each refusal; the caller bounds how many become rows. */
  readonly onRefusal: (refusal: Refusal) => void;
  /** The kernel's credentials of a socket's other end; where given, an answer is required. */
  readonly peerCredentials?: (fd: number) => PeerCredentials | undefined;
  /** Says whether a process may connect at all, e.g. by its uid. Default: every process that has credentials. */
  readonly admits?: (credentials: PeerCredentials) => boolean;
}

export interface GatewayListener {
  /** Peers that are connected, by id. */
  readonly peers: ReadonlyMap<string, PeerConnection>;
  /** Takes over a connected socket, e.g. one end of a socketpair whose other end a child inherits. */
  adopt(fd: number): Promise<Result<undefined, Fault>>;
  /** Ends the listener and every connection; removes the socket file. */
  stop(): void;
}

/** A Bun socket with its session; `undefined` when it was turned away at once. */
interface Slot {
  session: GatewaySession | undefined;
}

/**
 * Listens at `options.path`.
 * Faults: `config` for a path over 107 bytes or a folder that others may enter, `unavailable` for a path at which
 * another gateway listens, `io` for everything the system refuses.
 */
export async function listenGateway(options: GatewayOptions): Promise<Result<GatewayListener, Fault>> {
  const prepared = await prepareSocketPath(options.path);
  if (!prepared.ok) return prepared;
  const hub = new Hub(options);
  const before = process.umask(0o077); // the file appears with mode 0700 and is never wider
  try {
    const listener = Bun.listen<Slot>({ unix: options.path, socket: hub.socketHandlers() });
    return ok({
      peers: hub.peers,
      adopt: (fd) => hub.adopt(fd),
      stop: () => {
        listener.stop();
        hub.stop();
      },
    });
  } catch {
    return fail("io", "the socket cannot be opened", { reason: "socket_listen" });
  } finally {
    process.umask(before);
  }
}

class Hub {
  readonly peers = new Map<string, PeerConnection>();
  readonly #options: GatewayOptions;
  readonly #sessions = new Set<GatewaySession>();
  #handshakes = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  socketHandlers(): Bun.SocketHandler<Slot> {
    return {
      binaryType: "uint8array",
      open: (socket) => {
        const slot: Slot = { session: undefined };
        socket.data = slot; // before anything that may close the socket at once
        slot.session = this.#admit(socket, descriptorOf(socket));
      },
      data: (socket, bytes) => socket.data.session?.receive(bytes),
      drain: (socket) => socket.data.session?.drained(),
      close: (socket) => this.#ended(socket.data.session, "closed_there"),
      error: (socket) => this.#ended(socket.data.session, "internal"),
    };
  }

  async adopt(fd: number): Promise<Result<undefined, Fault>> {
    try {
      const socket = await openSocket<Slot>({ fd }, { session: undefined }, this.socketHandlers());
      return socket.data.session === undefined
        ? fail("refused", "the socket was turned away", { reason: "socket_adopt" })
        : ok(undefined);
    } catch {
      return fail("io", "the socket cannot be taken over", { reason: "socket_adopt" });
    }
  }

  stop(): void {
    for (const peer of Array.from(this.peers.values())) peer.connection.close();
    for (const session of Array.from(this.#sessions)) this.#ended(session, "closed_here");
  }

  /** Starts a handshake, or turns the socket away with a reason. */
  #admit(wire: Wire, fd: number): GatewaySession | undefined {
    if (this.#handshakes >= LIMITS.unauthenticated_max) return this.#turnAway(wire, "busy");
    const { peerCredentials, admits } = this.#options;
    const credentials = peerCredentials?.(fd);
    const isKnown = peerCredentials === undefined || credentials !== undefined;
    if (!isKnown || (credentials !== undefined && admits?.(credentials) === false)) {
      return this.#turnAway(wire, "wrong_process");
    }
    this.#handshakes += 1;
    const session: GatewaySession = new GatewaySession(
      wire,
      {
        ...this.#options,
        isConnected: (peerId) => this.peers.has(peerId),
        onHandshakeEnd: () => {
          this.#handshakes -= 1;
        },
        onConnection: (peer) => this.#connected(peer),
      },
      credentials,
    );
    this.#sessions.add(session);
    return session;
  }

  #connected(peer: PeerConnection): void {
    this.peers.set(peer.peer.peerId, peer);
    peer.connection.onEnd(() => this.peers.delete(peer.peer.peerId));
    this.#options.onConnection(peer);
  }

  /** A refusal of a few bytes always fits into an empty socket buffer; nothing is kept for it. */
  #turnAway(wire: Wire, reason: Refusal["reason"]): undefined {
    wire.write(framed(refusalMessage(reason)));
    wire.end();
    this.#options.onRefusal({ reason, peerId: undefined });
  }

  #ended(session: GatewaySession | undefined, reason: "closed_there" | "closed_here" | "internal"): void {
    if (session === undefined) return;
    this.#sessions.delete(session);
    session.ended(reason);
  }
}
