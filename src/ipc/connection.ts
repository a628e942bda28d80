/**
 * A connection after its handshake, the same on both sides: signed frames, chunks, heartbeat, requests. Synchronous
 * from the socket to the handler, so payloads are handed on in order and the reader never waits for what they start.
 */
import { type Fault, fail, fault } from "#contracts/fault.ts";
import type { Payload, PeerRole } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import { OpenCalls, type RequestHandler, ServedCalls } from "./calls.ts";
import { ChunkAssembler, chunksOf } from "./chunks.ts";
import type { InboundEvidence } from "./evidence.ts";
import { framed } from "./framing.ts";
import type { SessionKeys } from "./handshake.ts";
import type { Outbox } from "./outbox.ts";
import { decodePayload, encodePayload } from "./payload-codec.ts";
import type { FrameRefusal } from "./refusal.ts";
import { FrameOpener, FrameSealer, type OpenedFrame } from "./signed-frame.ts";
import { maySend } from "./traffic.ts";

/** Signature, counter and the message around a payload. */
const FRAME_OVERHEAD_BYTES = 160;

/** Why a connection ended. A `FrameRefusal` means that the other side broke the protocol. */
export type CloseReason =
  | FrameRefusal
  | "closed_here"
  | "closed_there"
  | "silence"
  | "queue_full"
  | "not_listening"
  | "lies"
  | "window"
  | "internal";

export interface ConnectionHandlers {
  /**
   * Each payload in order, except heartbeats, chunks, responses, and requests where `onRequest` is given. Must not
   * wait: what it starts runs beside the reader.
   */
  readonly onPayload: (payload: Payload, evidence: InboundEvidence) => void;
  readonly onRequest?: RequestHandler;
  /** Once, whoever ended it. */
  readonly onClose: (reason: CloseReason) => void;
}

export interface ConnectionOptions {
  readonly outbox: Outbox;
  readonly keys: SessionKeys;
  readonly clock: Clock;
  /** Role of the peer's side of this connection. */
  readonly role: PeerRole;
}

/** What was received and not handed on yet. */
interface Early {
  readonly payload: Payload;
  readonly evidence: InboundEvidence;
}

export class Connection {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #sealer: FrameSealer;
  readonly #opener: FrameOpener;
  readonly #keys: SessionKeys;
  readonly #sender: "gateway" | PeerRole;
  readonly #assembler = new ChunkAssembler();
  readonly #calls: OpenCalls;
  #handlers: ConnectionHandlers | undefined;
  #served: ServedCalls | undefined;
  #early: Early[] = [];
  #earlyBytes = 0;
  #chunkId = 0;
  #heardAt: number;
  #closed: CloseReason | undefined;
  #cancelHeartbeat: () => void;
  #cancelSilence: () => void;
  #onEnd: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    const { outbox, keys, clock, role } = options;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#keys = keys;
    this.#sender = keys.side === "gateway" ? role : "gateway";
    this.#sealer = new FrameSealer(keys);
    this.#opener = new FrameOpener(keys);
    this.#calls = new OpenCalls(clock);
    this.#heardAt = clock.monotonic();
    this.#cancelHeartbeat = clock.after(LIMITS.heartbeat_ms, () => this.#beat());
    this.#cancelSilence = clock.after(LIMITS.silence_ms_max, () => this.#checkSilence());
  }

  /** Why the connection ended; `undefined` while it is up. */
  get closed(): CloseReason | undefined {
    return this.#closed;
  }
  /** H(transcript): names this connection in evidence. */
  get transcriptHash(): Uint8Array {
    return this.#keys.transcriptHash.slice();
  }
  /** Bytes that the other side has not taken yet. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** Sets the handlers, once. What arrived before is handed on first, in order. @throws Error when called twice. */
  listen(handlers: ConnectionHandlers): void {
    if (this.#handlers !== undefined) throw new Error("connection: listen was called twice");
    this.#handlers = handlers;
    const { onRequest } = handlers;
    if (onRequest !== undefined) {
      this.#served = new ServedCalls(onRequest, (response) => void this.send(response));
    }
    const closedBefore = this.#closed;
    const early = this.#early;
    this.#early = [];
    for (const { payload, evidence } of early) {
      if (this.#closed === closedBefore) this.#deliver(payload, evidence);
    }
    if (closedBefore !== undefined) handlers.onClose(closedBefore);
  }

  /** For the owner of the socket: called before `onClose`, however the connection ends. */
  onEnd(done: () => void): void {
    this.#onEnd = done;
  }

  /**
   * Sends a payload; longer ones go in chunks. An error means that nothing was sent: `usage` for a value outside its
   * bounds, `unavailable` for a closed connection, `limit` for a peer that takes too little (it is dropped then).
   */
  send(payload: Payload): Result<undefined, Fault> {
    if (this.#closed !== undefined) return fail("unavailable", "the connection is closed");
    const encoded = encodePayload(payload);
    if (!encoded.ok) {
      return fail("usage", `a ${payload.kind} payload cannot be sent`, { reason: encoded.error });
    }
    const bytes = encoded.value;
    const frames = Math.ceil(bytes.byteLength / LIMITS.chunk_bytes_max);
    if (!this.#outbox.hasRoomFor(bytes.byteLength + frames * 2 * FRAME_OVERHEAD_BYTES)) {
      this.close("queue_full");
      return fail("limit", "the peer takes too little and was dropped", { reason: "queue_full" });
    }
    if (frames === 1) this.#push(bytes);
    else this.#pushChunks(bytes);
    return ok(undefined);
  }

  /** Sends a request and waits at most `timeoutMs` for its response. Bodies are JSON text. */
  call(method: string, body: string, timeoutMs: number): Promise<Result<string, Fault>> {
    return this.#calls.call({ method, body, timeoutMs }, (payload) => this.send(payload));
  }

  /** Resolves when everything sent was taken by the socket, or the connection ended. */
  flushed(): Promise<void> {
    return this.#outbox.flushed();
  }

  /** Ends the connection. What waits in the queue is sent first when this side closes in order. */
  close(reason: CloseReason = "closed_here"): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#cancelHeartbeat();
    this.#cancelSilence();
    if (reason === "closed_here") this.#endInOrder();
    else this.#outbox.close();
    this.#calls.failAll(fault("unavailable", "the connection was lost", { reason }));
    this.#onEnd?.();
    this.#handlers?.onClose(reason);
  }

  /** Takes one message from the stream. Returns false when the connection is over. Called by the socket's owner. */
  receive(message: Uint8Array): boolean {
    if (this.#closed !== undefined) return false;
    const opened = this.#opener.open(message);
    if (!opened.ok) return this.#refuse(opened.error);
    this.#heardAt = this.#clock.monotonic();
    const payload = decodePayload(opened.value.payload);
    if (!payload.ok) return this.#refuse(payload.error);
    if (payload.value.kind === "chunk") return this.#takeChunk(payload.value, opened.value);
    return this.#accept(payload.value, [], opened.value);
  }

  #takeChunk(chunk: Extract<Payload, { kind: "chunk" }>, frame: OpenedFrame): boolean {
    const taken = this.#assembler.take(chunk, frame);
    if (!taken.ok) return this.#refuse(taken.error);
    if (taken.value === undefined) return true;
    const payload = decodePayload(taken.value.payload, LIMITS.chunked_bytes_max);
    if (!payload.ok) return this.#refuse(payload.error);
    // A body that needed no chunks, or chunks inside of chunks, has another form than the sender's own.
    const isNeeded = taken.value.payload.byteLength > LIMITS.chunk_bytes_max;
    if (!isNeeded || payload.value.kind === "chunk") return this.#refuse("chunk");
    return this.#accept(payload.value, taken.value.frames.slice(0, -1), frame);
  }

  #accept(payload: Payload, earlier: readonly OpenedFrame[], last: OpenedFrame): boolean {
    if (!maySend(this.#sender, payload)) return this.#refuse("direction");
    if (payload.kind === "heartbeat") return true;
    if (payload.kind === "response") {
      this.#calls.settle(payload);
      return true;
    }
    const evidence: InboundEvidence = {
      transcriptHash: this.#keys.transcriptHash,
      ...evidenceFrame(last),
      earlier: earlier.map(evidenceFrame),
    };
    if (this.#handlers === undefined) return this.#keepEarly(payload, evidence);
    this.#deliver(payload, evidence);
    return this.#closed === undefined;
  }

  #deliver(payload: Payload, evidence: InboundEvidence): void {
    if (payload.kind === "request" && this.#served !== undefined) this.#served.serve(payload);
    else this.#handlers?.onPayload(payload, evidence);
  }

  #keepEarly(payload: Payload, evidence: InboundEvidence): boolean {
    for (const { frame } of [...evidence.earlier, evidence]) this.#earlyBytes += frame.byteLength;
    if (this.#earlyBytes > LIMITS.chunked_bytes_max) {
      this.close("not_listening");
      return false;
    }
    this.#early.push({ payload, evidence });
    return true;
  }

  #refuse(reason: FrameRefusal): false {
    this.close(reason);
    return false;
  }

  #push(payload: Uint8Array): void {
    this.#outbox.push(framed(this.#sealer.seal(payload)));
  }

  #pushChunks(payload: Uint8Array): void {
    this.#chunkId = (this.#chunkId + 1) >>> 0;
    for (const chunk of chunksOf(this.#chunkId, payload)) {
      const bytes = encodePayload(chunk);
      if (!bytes.ok) throw new Error(`connection: a chunk cannot be written (${bytes.error})`);
      this.#push(bytes.value);
    }
  }

  /** What waits goes out first, but a peer that does not read cannot hold the socket open. */
  #endInOrder(): void {
    this.#outbox.endWhenEmpty();
    const cancel = this.#clock.after(LIMITS.handshake_ms_max, () => this.#outbox.close());
    void this.#outbox.flushed().then(cancel);
  }

  #beat(): void {
    this.send({ kind: "heartbeat" });
    if (this.#closed !== undefined) return;
    this.#cancelHeartbeat = this.#clock.after(LIMITS.heartbeat_ms, () => this.#beat());
  }

  #checkSilence(): void {
    const left = this.#heardAt + LIMITS.silence_ms_max - this.#clock.monotonic();
    if (left <= 0) this.close("silence");
    else this.#cancelSilence = this.#clock.after(left, () => this.#checkSilence());
  }
}

function evidenceFrame(frame: OpenedFrame) {
  return { counter: frame.counter, frame: frame.payload, signature: frame.signature };
}
