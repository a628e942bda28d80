/** Signed frames: a counter per direction, and a signature over direction, transcript, counter and payload. */
import { type Result, err, ok } from "#contracts/result.ts";
import { decodeFrame, encodeFrame } from "./frame-codec.ts";
import type { SessionKeys } from "./handshake.ts";
import { type PublicKey, sha256 } from "./keys.ts";
import type { FrameRefusal } from "./refusal.ts";

const TAG = Buffer.from("wirken/ipc/frame/v1\0", "latin1");
const HASH_BYTES = 32;

/** Who sends: part of what is signed, so that a frame cannot be reflected to its author. */
export type Direction = "peer" | "gateway";

/**
 * What the sender of a frame signs:
 * `"wirken/ipc/frame/v1"0 ‖ u8 direction ‖ H(transcript) ‖ u64 counter ‖ H(payload)`.
 */
export function frameMessage(
  direction: Direction,
  transcriptHash: Uint8Array,
  counter: number,
  payload: Uint8Array,
): Uint8Array {
  const message = Buffer.alloc(TAG.byteLength + 1 + HASH_BYTES + 8 + HASH_BYTES);
  message.set(TAG, 0);
  message[TAG.byteLength] = direction === "peer" ? 0 : 1;
  message.set(transcriptHash, TAG.byteLength + 1);
  message.writeBigUInt64BE(BigInt(counter), TAG.byteLength + 1 + HASH_BYTES);
  message.set(sha256(payload), TAG.byteLength + 1 + HASH_BYTES + 8);
  return message;
}

/** Signs what leaves. */
export class FrameSealer {
  readonly #keys: SessionKeys;
  #counter = 0;

  constructor(keys: SessionKeys) {
    this.#keys = keys;
  }

  /** The frame around `payload`, with the next counter. @throws Error for a payload that no frame can hold: a bug. */
  seal(payload: Uint8Array): Uint8Array {
    const counter = this.#counter + 1;
    const message = frameMessage(this.#keys.side, this.#keys.transcriptHash, counter, payload);
    const signed = { counter, payload, signature: this.#keys.ownKey.sign(message) };
    const frame = encodeFrame({ kind: "signed", signed });
    if (!frame.ok) throw new Error(`signed frame: cannot be written (${frame.error})`);
    this.#counter = counter;
    return frame.value;
  }
}

/** A frame whose counter and signature were right. */
export interface OpenedFrame {
  readonly counter: number;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** Checks what arrives: counter 1, 2, 3 … without gap, signature by the other side. */
export class FrameOpener {
  readonly #other: PublicKey;
  readonly #direction: Direction;
  readonly #transcriptHash: Uint8Array;
  #counter = 0;

  constructor(keys: SessionKeys) {
    this.#other = keys.otherKey;
    this.#direction = keys.side === "peer" ? "gateway" : "peer";
    this.#transcriptHash = keys.transcriptHash;
  }

  /** The frame's payload bytes. After an error the connection must end; the counter does not move. */
  open(message: Uint8Array): Result<OpenedFrame, FrameRefusal> {
    const frame = decodeFrame(message);
    if (!frame.ok) return frame;
    if (frame.value.kind !== "signed") return err("not_signed");
    const { counter, payload, signature } = frame.value.signed;
    if (counter !== this.#counter + 1) return err("counter");
    const signedBytes = frameMessage(this.#direction, this.#transcriptHash, counter, payload);
    if (!this.#other.verify(signedBytes, signature)) return err("signature");
    this.#counter = counter;
    return ok({ counter, payload, signature });
  }
}
