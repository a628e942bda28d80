/** Frames of the handshake and signed frames ↔ bytes in normal form (docs/formats/frames.md, "Frames"). */
import { HANDSHAKE_REFUSALS, PEER_ROLES, type PeerRole } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok, unreachable } from "#contracts/result.ts";
import { type Struct, bool, data, exactData, table, text, uint16, uint64, word } from "./layout.ts";
import { MessageBuilder, type StructBuilder } from "./message-builder.ts";
import { MessageReader, type StructReader } from "./message-reader.ts";
import type { WireRefusal } from "./refusal.ts";
import { validateMessage } from "./validator.ts";

export const NONCE_BYTES = 32;
export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const PEER_ID_BYTES_MAX = 64;
const RESULT_REASONS = ["none", ...HANDSHAKE_REFUSALS] as const;

export interface Challenge {
  readonly version: number;
  readonly gatewayNonce: Uint8Array;
}
export interface Response {
  readonly version: number;
  readonly role: PeerRole;
  readonly peerId: string;
  readonly peerPublicKey: Uint8Array;
  readonly peerNonce: Uint8Array;
  readonly signature: Uint8Array;
}
export interface HandshakeResult {
  readonly accepted: boolean;
  readonly reason: (typeof RESULT_REASONS)[number];
  /** Empty in a refusal. */
  readonly gatewayPublicKey: Uint8Array;
  /** Empty in a refusal. */
  readonly signature: Uint8Array;
}
export interface Signed {
  readonly counter: number;
  /** Bytes of a payload message. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export type Frame =
  | { readonly kind: "challenge"; readonly challenge: Challenge }
  | { readonly kind: "response"; readonly response: Response }
  | { readonly kind: "result"; readonly result: HandshakeResult }
  | { readonly kind: "signed"; readonly signed: Signed };

const FRAME_KINDS = ["challenge", "response", "result", "signed"] as const satisfies readonly Frame["kind"][];

const CHALLENGE = table<Challenge>("Challenge", 1, 1, {
  version: uint16(0),
  gatewayNonce: exactData(0, NONCE_BYTES),
});
const RESPONSE = table<Response>("Response", 1, 4, {
  version: uint16(0),
  role: word("Role", 1, PEER_ROLES),
  peerId: text(0, PEER_ID_BYTES_MAX),
  peerPublicKey: exactData(1, KEY_BYTES),
  peerNonce: exactData(2, NONCE_BYTES),
  signature: exactData(3, SIGNATURE_BYTES),
});
const RESULT = table<HandshakeResult>("Result", 1, 2, {
  accepted: bool(0),
  reason: word("Refusal", 1, RESULT_REASONS),
  gatewayPublicKey: exactData(0, KEY_BYTES, true),
  signature: exactData(1, SIGNATURE_BYTES, true),
});
const SIGNED = table<Signed>("Signed", 1, 2, {
  counter: uint64(0),
  payload: data(0, LIMITS.frame_bytes_max),
  signature: exactData(1, SIGNATURE_BYTES),
});

/** Every table, for the test that holds them against the schema. */
export const FRAME_TABLES = [CHALLENGE, RESPONSE, RESULT, SIGNED] as const;

/** The bytes of a frame, without its length prefix. */
export function encodeFrame(frame: Frame): Result<Uint8Array<ArrayBuffer>, WireRefusal> {
  const message = new MessageBuilder(frame.kind === "signed" ? frame.signed.payload.byteLength + 160 : 512);
  const root = message.root(1, 1);
  root.uint16(0, FRAME_KINDS.indexOf(frame.kind));
  writeBody(root, frame);
  if (message.refusal !== undefined) return err(message.refusal);
  const bytes = message.finish();
  return bytes.byteLength <= LIMITS.frame_bytes_max ? ok(bytes) : err("length");
}

/** The frame in `bytes`: structure, fields, normal form. Data fields are views into `bytes`. */
export function decodeFrame(bytes: Uint8Array): Result<Frame, WireRefusal> {
  const structure = validateMessage(bytes);
  if (!structure.ok) return structure;
  const message = new MessageReader(bytes);
  const root = message.root(1, 1);
  const frame = root === undefined ? undefined : readBody(root);
  if (message.refusal !== undefined) return err(message.refusal);
  if (frame === undefined) return err("union");
  const again = encodeFrame(frame);
  if (!again.ok) return again;
  return Buffer.compare(again.value, bytes) === 0 ? ok(frame) : err("normal_form");
}

function writeBody(root: StructBuilder, frame: Frame): undefined {
  switch (frame.kind) {
    case "challenge":
      return write(root, CHALLENGE, frame.challenge);
    case "response":
      return write(root, RESPONSE, frame.response);
    case "result":
      return write(root, RESULT, frame.result);
    case "signed":
      return write(root, SIGNED, frame.signed);
    default:
      return unreachable(frame);
  }
}

function readBody(root: StructReader): Frame | undefined {
  const kind = FRAME_KINDS[root.uint16(0)];
  switch (kind) {
    case undefined:
      return undefined;
    case "challenge":
      return read(root, CHALLENGE, (challenge) => ({ kind, challenge }));
    case "response":
      return read(root, RESPONSE, (response) => ({ kind, response }));
    case "result":
      return read(root, RESULT, (result) => ({ kind, result }));
    case "signed":
      return read(root, SIGNED, (signed) => ({ kind, signed }));
    default:
      return unreachable(kind);
  }
}

function write<T>(root: StructBuilder, struct: Struct<T>, value: T): undefined {
  struct.write(root.struct(0, struct.dataWords, struct.pointers), value);
}

function read<T>(root: StructReader, struct: Struct<T>, wrap: (body: T) => Frame): Frame | undefined {
  const body = root.struct(0, struct.dataWords, struct.pointers);
  return body === undefined ? undefined : wrap(struct.read(body));
}
