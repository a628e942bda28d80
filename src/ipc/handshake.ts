/**
 * The handshake of a connection as two pure state machines (docs/formats/frames.md, "Handshake"): no socket, no clock.
 * The deadline of 5 s and the closing belong to whoever drives them.
 */
import {
  HANDSHAKE_REFUSALS,
  type HandshakeRefusal,
  PROTOCOL_VERSION,
  type PeerRole,
  type RegisteredPeer,
} from "#contracts/frame.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Random } from "#runtime/random.ts";
import { type Frame, NONCE_BYTES, type Response, decodeFrame, encodeFrame } from "./frame-codec.ts";
import { PublicKey, type SigningKey, sha256 } from "./keys.ts";
import { handshakeMessage, transcriptOf } from "./transcript.ts";

/** What a finished handshake leaves to the connection. */
export interface SessionKeys {
  readonly side: "peer" | "gateway";
  readonly ownKey: SigningKey;
  readonly otherKey: PublicKey;
  /** H(transcript). */
  readonly transcriptHash: Uint8Array;
}

export interface GatewayHandshakeOptions {
  readonly key: SigningKey;
  readonly random: Random;
  readonly registry: (peerId: string) => RegisteredPeer | undefined;
  /** True when a connection of this peer is up. */
  readonly isConnected: (peerId: string) => boolean;
}

/** How the gateway's side ended; `reply` goes out in either case. */
export type GatewayOutcome =
  | {
      readonly ok: true;
      readonly reply: Uint8Array;
      readonly keys: SessionKeys;
      readonly peer: RegisteredPeer;
    }
  | {
      readonly ok: false;
      readonly reply: Uint8Array;
      readonly reason: HandshakeRefusal;
      /** The peer that was claimed, when the registry knows it: nothing else from outside is handed on. */
      readonly peerId: string | undefined;
    };

/** The gateway's side: `challenge` first, then `answer` with the peer's only frame. */
export class GatewayHandshake {
  readonly #options: GatewayHandshakeOptions;
  readonly #nonce: Uint8Array;
  #answered = false;

  constructor(options: GatewayHandshakeOptions) {
    this.#options = options;
    this.#nonce = options.random.bytes(NONCE_BYTES);
  }

  /** The message that opens the handshake. */
  challenge(): Uint8Array {
    return encoded({
      kind: "challenge",
      challenge: { version: PROTOCOL_VERSION, gatewayNonce: this.#nonce },
    });
  }

  /** Judges the peer's response. A handshake answers once. */
  answer(message: Uint8Array): GatewayOutcome {
    const frame = decodeFrame(message);
    if (this.#answered || !frame.ok || frame.value.kind !== "response") return refusal("malformed");
    this.#answered = true;
    const { response } = frame.value;
    if (response.version !== PROTOCOL_VERSION) return refusal("version");
    const peer = this.#options.registry(response.peerId);
    if (peer === undefined || peer.peerId !== response.peerId) return refusal("unknown_peer");
    return this.#judge(response, peer);
  }

  #judge(response: Response, peer: RegisteredPeer): GatewayOutcome {
    const { key } = this.#options;
    if (peer.role !== response.role) return refusal("wrong_role", peer.peerId);
    const peerKey = PublicKey.parse(response.peerPublicKey);
    if (!peerKey.ok || peerKey.value.hex !== peer.publicKey) return refusal("wrong_key", peer.peerId);
    if (isEqual(response.peerNonce, this.#nonce)) return refusal("equal_nonces", peer.peerId);
    const transcript = transcriptOf({
      ...response,
      gatewayNonce: this.#nonce,
      gatewayPublicKey: key.publicKey.bytes,
    });
    if (!peerKey.value.verify(handshakeMessage("peer", transcript), response.signature)) {
      return refusal("bad_signature", peer.peerId);
    }
    // Last, so that only the holder of the peer's key learns whether it is connected.
    if (this.#options.isConnected(peer.peerId)) return refusal("already_connected", peer.peerId);
    const reply = encoded({
      kind: "result",
      result: {
        accepted: true,
        reason: "none",
        gatewayPublicKey: key.publicKey.bytes,
        signature: key.sign(handshakeMessage("gateway", transcript)),
      },
    });
    const transcriptHash = sha256(transcript);
    const keys = { side: "gateway", ownKey: key, otherKey: peerKey.value, transcriptHash } as const;
    return { ok: true, reply, keys, peer };
  }
}

/** The message that refuses a handshake: the reason and nothing else. */
export function refusalMessage(reason: HandshakeRefusal): Uint8Array {
  const nothing = new Uint8Array(0);
  return encoded({
    kind: "result",
    result: { accepted: false, reason, gatewayPublicKey: nothing, signature: nothing },
  });
}

export interface PeerHandshakeOptions {
  readonly role: PeerRole;
  readonly peerId: string;
  readonly key: SigningKey;
  /** The gateway's key, from the hand-off. */
  readonly gatewayKey: PublicKey;
  readonly random: Random;
}

/** Why the peer's side ended: the gateway's own reason, or one of ours about the gateway. */
export type PeerRefusal = HandshakeRefusal | "gateway_key" | "gateway_signature" | "out_of_order";

/** The peer's side: `respond` to the challenge, then `conclude` with the gateway's result. */
export class PeerHandshake {
  readonly #options: PeerHandshakeOptions;
  #transcript: Uint8Array | undefined;

  constructor(options: PeerHandshakeOptions) {
    this.#options = options;
  }

  /** The response to the gateway's challenge. */
  respond(message: Uint8Array): Result<Uint8Array, PeerRefusal> {
    if (this.#transcript !== undefined) return err("out_of_order");
    const frame = decodeFrame(message);
    if (!frame.ok || frame.value.kind === "signed" || frame.value.kind === "response")
      return err("malformed");
    if (frame.value.kind === "result") return err(reasonOf(frame.value));
    if (frame.value.challenge.version !== PROTOCOL_VERSION) return err("version");
    const { role, peerId, key, gatewayKey, random } = this.#options;
    const { gatewayNonce } = frame.value.challenge;
    const peerNonce = random.bytes(NONCE_BYTES);
    if (isEqual(gatewayNonce, peerNonce)) return err("equal_nonces");
    const peerPublicKey = key.publicKey.bytes;
    const fields = { version: PROTOCOL_VERSION, role, peerId, peerPublicKey, peerNonce };
    const transcript = transcriptOf({ ...fields, gatewayNonce, gatewayPublicKey: gatewayKey.bytes });
    this.#transcript = transcript;
    const signature = key.sign(handshakeMessage("peer", transcript));
    return ok(encoded({ kind: "response", response: { ...fields, signature } }));
  }

  /** Checks the gateway's result, and with it that the gateway is the one of the hand-off. */
  conclude(message: Uint8Array): Result<SessionKeys, PeerRefusal> {
    const { key, gatewayKey } = this.#options;
    const transcript = this.#transcript;
    if (transcript === undefined) return err("out_of_order");
    const frame = decodeFrame(message);
    if (!frame.ok || frame.value.kind !== "result") return err("malformed");
    const { result } = frame.value;
    if (!result.accepted) return err(reasonOf(frame.value));
    if (result.reason !== "none") return err("malformed");
    if (!isEqual(result.gatewayPublicKey, gatewayKey.bytes)) return err("gateway_key");
    if (!gatewayKey.verify(handshakeMessage("gateway", transcript), result.signature)) {
      return err("gateway_signature");
    }
    return ok({ side: "peer", ownKey: key, otherKey: gatewayKey, transcriptHash: sha256(transcript) });
  }
}

/** A refusal must carry a reason, and neither key nor signature; else it is no refusal of the protocol. */
function reasonOf(frame: Extract<Frame, { kind: "result" }>): HandshakeRefusal {
  const { accepted, reason, gatewayPublicKey, signature } = frame.result;
  const bare = !accepted && gatewayPublicKey.byteLength === 0 && signature.byteLength === 0;
  return HANDSHAKE_REFUSALS.find((known) => bare && known === reason) ?? "malformed";
}

function refusal(reason: HandshakeRefusal, peerId?: string): GatewayOutcome {
  return { ok: false, reply: refusalMessage(reason), reason, peerId };
}

/** Handshake frames are built from our own values alone: one that cannot be written is a bug. */
function encoded(frame: Frame): Uint8Array {
  const bytes = encodeFrame(frame);
  if (!bytes.ok) throw new Error(`handshake: a frame cannot be written (${bytes.error})`);
  return bytes.value;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
