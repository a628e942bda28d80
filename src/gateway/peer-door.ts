/**
 * Who may connect, and where they wait until the log is open: the signer is let through at once, everybody
 * else is heard only after the healing. Nothing is lost between: a connection keeps what came early.
 */
import type { RegisteredPeer } from "#contracts/frame.ts";
import type { RoleReport } from "#contracts/keeper-link.ts";
import type { PeerConnection, Refusal } from "#ipc/gateway-session.ts";
import type { SignerClient } from "./signer-client.ts";

/** What stands behind the door once it is open. */
export interface Inside {
  readonly attach: (peer: PeerConnection) => void;
  readonly refuse: (refusal: Refusal) => void;
  readonly role: (report: RoleReport) => void;
}

/** Reports and refusals that are kept while the log is not open. */
const WAITING_MAX = 256;

export class PeerDoor {
  readonly #registry = new Map<string, RegisteredPeer>();
  readonly #signer: SignerClient;
  readonly #connected = new Set<PeerConnection>();
  #waiting: ((inside: Inside) => void)[] = [];
  #inside: Inside | undefined;

  constructor(registry: readonly RegisteredPeer[], signer: SignerClient) {
    for (const peer of registry) this.register(peer);
    this.#signer = signer;
  }

  /** Adds a peer, or replaces its key (it was restarted with a new one). */
  register(peer: RegisteredPeer): void {
    this.#registry.set(peer.peerId, peer);
  }

  peer(peerId: string): RegisteredPeer | undefined {
    return this.#registry.get(peerId);
  }

  /** Takes a connection whose handshake has passed. */
  knock(peer: PeerConnection): void {
    if (peer.peer.role === "signer") {
      const end = this.#signer.attach(peer.connection);
      peer.connection.listen({ onPayload: () => undefined, onClose: end }); // it answers and asks nothing
      return;
    }
    this.#connected.add(peer);
    this.#tell((inside) => inside.attach(peer));
  }

  refused(refusal: Refusal): void {
    this.#tell((inside) => inside.refuse(refusal));
  }

  report(report: RoleReport): void {
    this.#tell((inside) => inside.role(report));
  }

  /** Opens: what waited is told first, in order. */
  open(inside: Inside): void {
    this.#inside = inside;
    for (const tell of this.#waiting) tell(inside);
    this.#waiting = [];
  }

  /** Tells every peer but the signer to end, and takes no more. */
  close(): void {
    this.#registry.clear();
    for (const peer of this.#connected)
      if (peer.connection.closed === undefined) peer.connection.send({ kind: "stop" });
  }

  #tell(tell: (inside: Inside) => void): void {
    if (this.#inside !== undefined) tell(this.#inside);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(tell);
  }
}
