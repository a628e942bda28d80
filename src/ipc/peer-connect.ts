/** A peer's end: dials the gateway, or takes over the descriptor it inherited, and answers the handshake. */
import { type Fault, fail } from "#contracts/fault.ts";
import type { PeerRole } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { type SocketSource, openSocket } from "./bun-socket.ts";
import { type CloseReason, Connection } from "./connection.ts";
import { FrameReader, framed } from "./framing.ts";
import { PeerHandshake, type PeerRefusal } from "./handshake.ts";
import type { PublicKey, SigningKey } from "./keys.ts";
import { Outbox, type Wire } from "./outbox.ts";

export interface PeerOptions {
  /** The inherited descriptor (3), or the path of the gateway's socket. */
  readonly to: SocketSource;
  readonly role: PeerRole;
  readonly peerId: string;
  readonly key: SigningKey;
  /** The gateway's key, from the hand-off. */
  readonly gatewayKey: PublicKey;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Connects and authenticates both ways within 5 s. What the gateway sends before `listen` is kept for it.
 * Faults: `unavailable` when nobody listens, `timeout`, and `refused` with the handshake's reason.
 */
export async function connectPeer(options: PeerOptions): Promise<Result<Connection, Fault>> {
  return new Promise((resolve) => {
    const slot: { session: PeerSession | undefined } = { session: undefined };
    const socket: Bun.SocketHandler<undefined> = {
      binaryType: "uint8array",
      open: (wire) => {
        slot.session = new PeerSession(wire, options, resolve);
      },
      data: (_, bytes) => slot.session?.receive(bytes),
      drain: () => slot.session?.drained(),
      close: () => slot.session?.ended("closed_there"),
      error: () => slot.session?.ended("internal"),
    };
    openSocket(options.to, undefined, socket).catch(() => {
      resolve(fail("unavailable", "the gateway does not answer", { reason: "socket_connect" }));
    });
  });
}

type State =
  | { readonly step: "challenge" | "result" }
  | { readonly step: "connected"; readonly connection: Connection }
  | { readonly step: "over" };

/** The peer's side of one socket. Knows no socket library. */
export class PeerSession {
  readonly #options: PeerOptions;
  readonly #outbox: Outbox;
  readonly #frames = new FrameReader();
  readonly #handshake: PeerHandshake;
  readonly #conclude: (result: Result<Connection, Fault>) => void;
  readonly #cancelDeadline: () => void;
  #state: State = { step: "challenge" };

  /** `conclude` is called once, with the connection or why there is none. */
  constructor(wire: Wire, options: PeerOptions, conclude: (result: Result<Connection, Fault>) => void) {
    this.#options = options;
    this.#outbox = new Outbox(wire);
    this.#handshake = new PeerHandshake(options);
    this.#conclude = conclude;
    this.#cancelDeadline = options.clock.after(LIMITS.handshake_ms_max, () => this.#refuse("timeout"));
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
    else this.#refuse("closed");
    this.#outbox.close();
  }

  #take(message: Uint8Array): boolean {
    if (this.#state.step === "connected") return this.#state.connection.receive(message);
    if (this.#state.step === "over") return false;
    if (this.#state.step === "challenge") {
      const response = this.#handshake.respond(message);
      if (!response.ok) return this.#refuse(response.error);
      this.#state = { step: "result" };
      this.#outbox.push(framed(response.value));
      return true;
    }
    const keys = this.#handshake.conclude(message);
    if (!keys.ok) return this.#refuse(keys.error);
    this.#cancelDeadline();
    const { clock, role } = this.#options;
    const connection = new Connection({ outbox: this.#outbox, keys: keys.value, clock, role });
    this.#state = { step: "connected", connection };
    this.#conclude(ok(connection));
    return true;
  }

  #refuse(reason: PeerRefusal | "closed"): false {
    if (this.#state.step === "connected" || this.#state.step === "over") return false;
    this.#cancelDeadline();
    this.#state = { step: "over" };
    this.#outbox.close();
    this.#conclude(err(faultOf(reason)));
    return false;
  }
}

function faultOf(reason: PeerRefusal | "closed"): Fault {
  if (reason === "timeout") {
    return { code: "timeout", message: "the gateway did not finish the handshake in time", reason };
  }
  if (reason === "closed") {
    return { code: "unavailable", message: "the gateway ended the connection in the handshake", reason };
  }
  return { code: "refused", message: "the handshake was refused", reason };
}
