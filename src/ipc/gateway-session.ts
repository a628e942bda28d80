/** The gateway's side of one socket: handshake within its deadline, then a connection. Knows no socket library. */
import type { HandshakeRefusal, RegisteredPeer } from "#contracts/frame.ts";
import type { Channel } from "#contracts/channel.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Result } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { AuthenticatedChannel, type ChannelMismatch } from "./authenticated-channel.ts";
import { type CloseReason, Connection } from "./connection.ts";
import { FrameReader, framed } from "./framing.ts";
import { GatewayHandshake, refusalMessage } from "./handshake.ts";
import type { SigningKey } from "./keys.ts";
import { LieCounter } from "./lie-counter.ts";
import { Outbox, type Wire } from "./outbox.ts";

/** Who stands at the other end of a socket, as the kernel says. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A peer whose handshake has passed. */
export class PeerConnection {
  readonly peer: RegisteredPeer;
  /** The channel that an adapter's connection stands for; `undefined` for other roles. */
  readonly channel: AuthenticatedChannel<Channel> | undefined;
  readonly connection: Connection;
  readonly credentials: PeerCredentials | undefined;
  readonly #lies: LieCounter;

  constructor(
    peer: RegisteredPeer,
    connection: Connection,
    clock: Clock,
    credentials: PeerCredentials | undefined,
  ) {
    this.peer = peer;
    this.channel = AuthenticatedChannel.of(peer);
    this.connection = connection;
    this.credentials = credentials;
    this.#lies = new LieCounter(clock);
  }

  /**
   * Compares a frame's claim with the connection and counts lies: the last one that is borne closes the connection
   * with the reason `lies`. `undefined` for a peer that serves no channel.
   */
  requireMatch(
    claimedChannel: string,
    claimedInstance: string,
  ): Result<AuthenticatedChannel<Channel>, ChannelMismatch> | undefined {
    const match = this.channel?.requireMatch(claimedChannel, claimedInstance);
    if (match !== undefined && !match.ok && this.#lies.record()) this.connection.close("lies");
    return match;
  }
}

/** A handshake that was refused: a row with a reason and no key material. */
export interface Refusal {
  readonly reason: HandshakeRefusal;
  /** The registered peer that was claimed, if the claim got that far. */
  readonly peerId: string | undefined;
}

export interface GatewaySessionOptions {
  readonly key: SigningKey;
  readonly registry: (peerId: string) => RegisteredPeer | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly isConnected: (peerId: string) => boolean;
  readonly onConnection: (peer: PeerConnection) => void;
  readonly onRefusal: (refusal: Refusal) => void;
  /** Called once when the handshake is over, either way. */
  readonly onHandshakeEnd: () => void;
}

type State =
  | { readonly step: "handshake"; readonly handshake: GatewayHandshake; readonly cancelDeadline: () => void }
  | { readonly step: "connected"; readonly connection: Connection }
  | { readonly step: "over" };

export class GatewaySession {
  readonly #options: GatewaySessionOptions;
  readonly #outbox: Outbox;
  readonly #frames = new FrameReader();
  readonly #credentials: PeerCredentials | undefined;
  #state: State;

  /** Sends the challenge and starts the deadline. */
  constructor(wire: Wire, options: GatewaySessionOptions, credentials: PeerCredentials | undefined) {
    this.#options = options;
    this.#outbox = new Outbox(wire);
    this.#credentials = credentials;
    const handshake = new GatewayHandshake(options);
    const cancelDeadline = options.clock.after(LIMITS.handshake_ms_max, () => this.#refuse("timeout"));
    this.#state = { step: "handshake", handshake, cancelDeadline };
    this.#outbox.push(framed(handshake.challenge()));
  }

  /** Bytes from the socket. */
  receive(bytes: Uint8Array): void {
    const pushed = this.#frames.push(bytes, (message) => this.#take(message));
    if (pushed.ok) return;
    if (this.#state.step === "connected") this.#state.connection.close(pushed.error);
    else this.#refuse("malformed");
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#outbox.drain();
  }

  /** The socket is closed, or failed. */
  ended(reason: CloseReason): void {
    if (this.#state.step === "connected") this.#state.connection.close(reason);
    if (this.#state.step === "handshake") {
      if (reason === "closed_here") this.#state.cancelDeadline();
      else this.#refuse("malformed");
    }
    this.#state = { step: "over" };
    this.#outbox.close();
  }

  #take(message: Uint8Array): boolean {
    if (this.#state.step === "connected") return this.#state.connection.receive(message);
    if (this.#state.step === "over") return false;
    const outcome = this.#state.handshake.answer(message);
    if (!outcome.ok) {
      this.#refuse(outcome.reason, outcome.peerId);
      return false;
    }
    this.#state.cancelDeadline();
    this.#outbox.push(framed(outcome.reply));
    const { clock } = this.#options;
    const { peer, keys } = outcome;
    const connection = new Connection({ outbox: this.#outbox, keys, clock, role: peer.role });
    this.#state = { step: "connected", connection };
    this.#options.onHandshakeEnd();
    this.#options.onConnection(new PeerConnection(peer, connection, clock, this.#credentials));
    return true;
  }

  #refuse(reason: HandshakeRefusal, peerId?: string): void {
    if (this.#state.step !== "handshake") return;
    this.#state.cancelDeadline();
    this.#state = { step: "over" };
    this.#outbox.push(framed(refusalMessage(reason)));
    this.#outbox.endWhenEmpty();
    this.#options.onHandshakeEnd();
    this.#options.onRefusal({ reason, peerId });
  }
}
