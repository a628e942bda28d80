/** What both sides of a handshake sign, byte for byte (docs/formats/frames.md, "Handshake"). */
import type { PeerRole } from "#contracts/frame.ts";

export interface TranscriptFields {
  readonly version: number;
  readonly role: PeerRole;
  readonly peerId: string;
  readonly gatewayNonce: Uint8Array;
  readonly peerNonce: Uint8Array;
  readonly peerPublicKey: Uint8Array;
  readonly gatewayPublicKey: Uint8Array;
}

/** `u16 version ‖ lp(role) ‖ lp(peerId) ‖ gatewayNonce ‖ peerNonce ‖ peerPublicKey ‖ gatewayPublicKey`. */
export function transcriptOf(fields: TranscriptFields): Uint8Array {
  const version = Buffer.alloc(2);
  version.writeUInt16BE(fields.version);
  return Buffer.concat([
    version,
    lengthPrefixed(fields.role),
    lengthPrefixed(fields.peerId),
    fields.gatewayNonce,
    fields.peerNonce,
    fields.peerPublicKey,
    fields.gatewayPublicKey,
  ]);
}

/** What the named side signs over a transcript. */
export function handshakeMessage(side: "peer" | "gateway", transcript: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`wirken/ipc/handshake/v1/${side}\0`, "latin1"), transcript]);
}

function lengthPrefixed(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([prefix, bytes]);
}
