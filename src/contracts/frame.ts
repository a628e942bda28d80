/**
 * What a connection between a peer and the gateway carries, after it was decoded and its signature checked.
 * Each variant is a struct of `src/ipc/wirken.capnp`. No variant names an agent, a host or a target: routing comes from
 * the connection alone.
 */
import type { ApprovalPrompt, Delivery, Inbound, InboundAck, Outbound, PromptClosed } from "./message.ts";

export const PEER_ROLES = ["adapter", "mcp", "signer", "console"] as const;
export type PeerRole = (typeof PEER_ROLES)[number];

export const PROTOCOL_VERSION = 1;

/** State of an adapter's platform connection. */
export const ADAPTER_STATES = ["starting", "ready", "degraded", "rejected", "stopping"] as const;
export type AdapterState = (typeof ADAPTER_STATES)[number];

/** Peer → gateway and gateway → peer. `request`, `response` and `event` carry JSON text of their own schema. */
export type Payload =
  | { readonly kind: "heartbeat" }
  | {
      readonly kind: "chunk";
      readonly id: number;
      readonly index: number;
      readonly last: boolean;
      readonly data: Uint8Array;
    }
  | { readonly kind: "inbound"; readonly inbound: Inbound }
  | { readonly kind: "inboundAck"; readonly ack: InboundAck }
  | { readonly kind: "outbound"; readonly outbound: Outbound }
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "prompt"; readonly prompt: ApprovalPrompt }
  | { readonly kind: "promptClosed"; readonly closed: PromptClosed }
  | {
      readonly kind: "activity";
      readonly conversation: string;
      readonly thread: string;
      readonly working: boolean;
    }
  | { readonly kind: "adapterState"; readonly state: AdapterState; readonly detail: string }
  | { readonly kind: "request"; readonly id: number; readonly method: string; readonly body: string }
  | { readonly kind: "response"; readonly id: number; readonly ok: boolean; readonly body: string }
  | { readonly kind: "event"; readonly name: string; readonly body: string }
  | { readonly kind: "stop" };
export type PayloadKind = Payload["kind"];

/** Why a handshake was refused; the row `handshake_refused` carries the code and no key material. */
export const HANDSHAKE_REFUSALS = [
  "version",
  "unknown_peer",
  "wrong_role",
  "wrong_key",
  "bad_signature",
  "equal_nonces",
  "already_connected",
  "timeout",
  "malformed",
  "wrong_process",
  "busy", // too many handshakes at a time
] as const;
export type HandshakeRefusal = (typeof HANDSHAKE_REFUSALS)[number];

/** One line of the registry, part of the gateway's hand-off: who may connect, as what, with which key. */
export interface RegisteredPeer {
  readonly peerId: string;
  readonly role: PeerRole;
  /** Channel kind for an adapter, empty for other roles. */
  readonly channel: string;
  /** Channel instance for an adapter, empty for other roles. */
  readonly instance: string;
  /** 64 hex digits: the peer's Ed25519 public key. */
  readonly publicKey: string;
}
