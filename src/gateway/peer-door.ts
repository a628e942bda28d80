/**
 * Who may connect, and where they wait until the log is open: the signer is let through at once, everybody
 * else is heard only after the healing. Nothing is lost between: a connection keeps what came early.
 */
import type { RegisteredPeer } from "#contracts/frame.ts";
import type { RoleReport } from "#contracts/keeper-link.ts";
import type { PeerConnection, Refusal } from "#ipc/gateway-session.ts";
import type { Clock } from "#runtime/clock.ts";
import type { SignerClient } from "./signer-client.ts";

/** What stands behind the door once it is open. */
export interface Inside {
  readonly attach: (peer: PeerConnection) => void;
  readonly refuse: (refusal: Refusal) => void;
  readonly role: (report: RoleReport) => void;
}

/** Reports and refusals that are kept while the log is not open. */
const WAITING_MAX = 256;
/** An adapter ends what it is sending first; the keeper gives all of us ten seconds. */
const GOODBYE_MS_MAX = 2_000;
const GOODBYE_STEP_MS = 10;

export class PeerDoor {
  readonly #registry = new Map<string, RegisteredPeer>();
  readonly #signer: SignerClient;
  readonly #connected = new Set<PeerConnection>();
  #signerPeer: PeerConnection | undefined;
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
      this.#signerPeer = peer;
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

  /** Tells every peer but the signer to end, waits a moment for them to be gone, and tells nothing from then on. */
  async close(clock: Clock): Promise<void> {
    this.#registry.clear();
    const isUp = (peer: PeerConnection): boolean => peer.connection.closed === undefined;
    for (const peer of this.#connected) if (isUp(peer)) peer.connection.send({ kind: "stop" });
    const until = clock.monotonic() + GOODBYE_MS_MAX;
    while (Array.from(this.#connected).some(isUp) && clock.monotonic() < until)
      await clock.sleep(GOODBYE_STEP_MS);
    // The record is closed next: what the keeper says of roles that end with us is no row any more.
    this.#inside = {
      attach: (peer) => peer.connection.close(),
      refuse: () => undefined,
      role: () => undefined,
    };
  }

  /** The log is closed: the signer may end too. */
  async dismissSigner(): Promise<void> {
    const connection = this.#signerPeer?.connection;
    if (connection?.closed !== undefined || connection === undefined) return;
    connection.send({ kind: "stop" });
    await connection.flushed();
  }

  #tell(tell: (inside: Inside) => void): void {
    if (this.#inside !== undefined) tell(this.#inside);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(tell);
  }
}
