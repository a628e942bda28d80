/**
 * The port through which the log's writer has heads and checkpoints signed. The signer role stands behind
 * it.
 */
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";

/**
 * Asks for a head over the rows of `session` from `seqStart` to `seqEnd`. The signer knows itself where the
 * range begins
 * and refuses another beginning: then a head it signed was lost on its way, and `state` gives it again.
 */
export interface HeadRequest {
  /** 32 hex digits. */
  readonly logId: string;
  readonly session: string;
  readonly seqStart: number;
  readonly seqEnd: number;
  /** 64 hex digits: hash of row `seqEnd`. */
  readonly headHash: string;
  readonly reason: string;
}

export interface SignedHead {
  readonly seqStart: number;
  readonly seqEnd: number;
  readonly headHash: string;
  readonly prevHeadHash: string;
  readonly reason: string;
  /** Unix milliseconds; the ts_ms of the chain_head row. */
  readonly tsMs: number;
  readonly key: string;
  readonly signature: string;
}

/** Asks for a checkpoint over the first `size` rows. */
export interface CheckpointRequest {
  readonly logId: string;
  readonly size: number;
  readonly root: string;
  /** RFC 6962 consistency proof from the size the signer last signed, hex. */
  readonly proof: readonly string[];
}

/** Asks for the continuity statement of the key that a holder signs with. */
export interface KeyRequest {
  readonly logId: string;
  /** `log` or `agent:<id>`. */
  readonly holder: string;
}

export interface SignedKey {
  readonly key: string;
  /** 64 zeros for a holder's first key. */
  readonly prevKey: string;
  readonly signature: string;
}

/** Asks what the signer remembers of a log, and of one of its sessions. */
export interface StateRequest {
  readonly logId: string;
  /** A session id, or empty. */
  readonly session: string;
}

export interface SignerState {
  /** The log key the signer holds. */
  readonly logKey: string;
  /**
   * `ready`: has signed this log; `fresh`: has signed nothing and may begin this log; `missing`: signs
   * nothing.
   */
  readonly memory: "ready" | "fresh" | "missing";
  /** Size and root of the tree last signed; 0 and the empty root before the first. */
  readonly size: number;
  readonly root: string;
  /** The session's last signed head, if any. */
  readonly head: SignedHead | undefined;
}

/** What the operator accepted: the log as it stands becomes the signer's memory. */
export interface AcceptRequest {
  readonly logId: string;
  readonly size: number;
  readonly root: string;
  readonly sessions: readonly {
    readonly session: string;
    readonly seqEnd: number;
    readonly headHash: string;
  }[];
}

export interface HeadSigner {
  signHead(request: HeadRequest): Promise<Result<SignedHead, Fault>>;
  signCheckpoint(request: CheckpointRequest): Promise<Result<{ readonly note: string }, Fault>>;
  keyContinuity(request: KeyRequest): Promise<Result<SignedKey, Fault>>;
  state(request: StateRequest): Promise<Result<SignerState, Fault>>;
  acceptState(request: AcceptRequest): Promise<Result<Record<string, never>, Fault>>;
}
