/**
 * What makes an inbound event checkable by anyone: the signed frame that brought it. The gateway keeps it in the row
 * `inbound`; `verifyInboundEvidence` re-checks it offline with the peer's public key alone.
 */
import type { Payload } from "#contracts/frame.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { joined } from "./chunks.ts";
import type { PublicKey } from "./keys.ts";
import { decodePayload } from "./payload-codec.ts";
import type { WireRefusal } from "./refusal.ts";
import { frameMessage } from "./signed-frame.ts";

/** One signed frame: its counter, the payload bytes as they arrived, the sender's signature. */
export interface EvidenceFrame {
  readonly counter: number;
  readonly frame: Uint8Array;
  readonly signature: Uint8Array;
}

export interface InboundEvidence extends EvidenceFrame {
  /** H(transcript) of the connection. */
  readonly transcriptHash: Uint8Array;
  /** For a payload that came in chunks: the frames before the last, in order. Else empty. */
  readonly earlier: readonly EvidenceFrame[];
}

export type EvidenceFault = WireRefusal | "signature" | "counter" | "chunk" | "form";

/**
 * Re-checks evidence: every signature under `peerKey`, counters in order, and the payload that the frames carry.
 * Returns that payload, to be compared with what the row says happened.
 */
export function verifyInboundEvidence(
  evidence: InboundEvidence,
  peerKey: PublicKey,
): Result<Payload, EvidenceFault> {
  const frames = [...evidence.earlier, evidence];
  let before = 0;
  for (const { counter, frame, signature } of frames) {
    if (!Number.isSafeInteger(counter) || counter <= before) return err("counter");
    before = counter;
    const message = frameMessage("peer", evidence.transcriptHash, counter, frame);
    if (!peerKey.verify(message, signature)) return err("signature");
  }
  if (evidence.earlier.length === 0) {
    const payload = decodePayload(evidence.frame);
    return payload.ok && payload.value.kind === "chunk" ? err("chunk") : payload;
  }
  const pieces: Uint8Array[] = [];
  let id: number | undefined;
  for (const [index, { frame }] of frames.entries()) {
    const chunk = decodePayload(frame);
    if (!chunk.ok) return chunk;
    if (chunk.value.kind !== "chunk" || chunk.value.index !== index) return err("chunk");
    if (chunk.value.last !== (index === frames.length - 1) || (id ?? chunk.value.id) !== chunk.value.id) {
      return err("chunk");
    }
    id = chunk.value.id;
    pieces.push(chunk.value.data);
  }
  return decodePayload(joined(pieces), LIMITS.chunked_bytes_max);
}

/** Evidence as the content of a row keeps it: hex for hash and signature, base64 for frames. */
export function evidenceToJson(evidence: InboundEvidence): JsonObject {
  const row = { transcript_hash: evidence.transcriptHash.toHex(), ...frameToJson(evidence) };
  return evidence.earlier.length === 0 ? row : { ...row, earlier: evidence.earlier.map(frameToJson) };
}

/** Reads what `evidenceToJson` wrote. */
export function evidenceFromJson(value: Json): Result<InboundEvidence, "form"> {
  if (!isJsonObject(value)) return err("form");
  const transcriptHash = bytesOf(value["transcript_hash"], "hex", 32);
  const last = frameFromJson(value);
  const list = value["earlier"] ?? [];
  if (transcriptHash === undefined || last === undefined || !isJsonArray(list)) return err("form");
  const earlier: EvidenceFrame[] = [];
  for (const each of list) {
    const frame = frameFromJson(each);
    if (frame === undefined) return err("form");
    earlier.push(frame);
  }
  return ok({ transcriptHash, ...last, earlier });
}

function frameToJson(frame: EvidenceFrame): JsonObject {
  return {
    counter: frame.counter,
    frame: frame.frame.toBase64(),
    signature: frame.signature.toHex(),
  };
}

function frameFromJson(value: Json): EvidenceFrame | undefined {
  if (!isJsonObject(value)) return undefined;
  const counter = value["counter"];
  const frame = bytesOf(value["frame"], "base64");
  const signature = bytesOf(value["signature"], "hex", 64);
  if (typeof counter !== "number" || frame === undefined || signature === undefined) return undefined;
  return { counter, frame, signature };
}

function bytesOf(value: Json | undefined, form: "hex" | "base64", length?: number): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = new Uint8Array(Buffer.from(value, form));
  const again = form === "hex" ? bytes.toHex() : bytes.toBase64();
  return again === value && (length ?? bytes.byteLength) === bytes.byteLength ? bytes : undefined;
}
