/**
 * What the writer remembers of the log: each session's end and last head, the tree, and what is not yet
 * signed. Heads
 * and leaves that go to the signer come from here, never from values read back while the program runs.
 */
import { toHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import { ZERO_32 } from "#chain/messages.ts";
import { consistencyProof, rangeFromFrontier } from "#chain/proofs.ts";
import { sessionPrevHash } from "#chain/row-hash.ts";
import { Frontier, leafHash } from "#chain/tree.ts";

export interface SessionEnd {
  readonly nextSeq: number;
  readonly lastHash: Uint8Array;
  /** Last seq under a head, −1 before the first. */
  readonly coveredEnd: number;
  /** Hex; zeros before the first head. */
  readonly lastHeadHash: string;
  /**
   * Rows after `coveredEnd` that are not chain heads, and among them those that are not checkpoints either.
   */
  readonly open: number;
  readonly openContent: number;
  /** A turn has started and not ended: its rows may wait for the turn's own head. */
  readonly inTurn: boolean;
}

export interface PlacedRow {
  readonly session: string;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: string;
  readonly hash: Uint8Array;
}

export class LogMemory {
  readonly logId: Uint8Array;
  readonly #crypto: Crypto;
  readonly #sessions = new Map<string, SessionEnd>();
  readonly #frontier: Frontier;
  /** The tree that the signer signed last, and the hashes of the rows after it. */
  #signed: Frontier;
  #sinceSigned: Uint8Array[] = [];
  #newestMs = 0;
  #openRows = 0;
  #contentSinceCheckpoint = 0;

  constructor(crypto: Crypto, logId: Uint8Array, frontier: Frontier, newestMs: number) {
    this.#crypto = crypto;
    this.logId = logId;
    this.#frontier = frontier;
    this.#signed = frontier.copy();
    this.#newestMs = newestMs;
  }

  /** 32 hex digits. */
  get logIdHex(): string {
    return toHex(this.logId);
  }
  /** Rows of the log; the next row's id is one more. */
  get size(): number {
    return this.#frontier.size;
  }
  get newestMs(): number {
    return this.#newestMs;
  }
  /** Rows that no head of their session covers, chain heads apart. */
  get openRows(): number {
    return this.#openRows;
  }
  /** Rows after the last checkpoint that are neither head nor checkpoint. */
  get contentSinceCheckpoint(): number {
    return this.#contentSinceCheckpoint;
  }
  get root(): Uint8Array {
    return this.#frontier.root();
  }
  get roots(): Uint8Array[] {
    return this.#frontier.roots();
  }

  /** The session's end; a session nobody has written to yet begins at its prev_hash. */
  session(id: string): SessionEnd {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    return {
      nextSeq: 0,
      lastHash: sessionPrevHash(this.#crypto, this.logId, id),
      coveredEnd: -1,
      lastHeadHash: toHex(ZERO_32),
      open: 0,
      openContent: 0,
      inTurn: false,
    };
  }

  /** Sessions with rows that a head is due for, the lane of the log first. */
  openSessions(): string[] {
    return [...this.#sessions]
      .filter(([, end]) => end.open > 0)
      .map(([id]) => id)
      .sort();
  }

  /** Sessions of agents with rows outside a turn: nothing will end that could bring their head. */
  idleSessions(): string[] {
    const idle = ([id, end]: [string, SessionEnd]): boolean =>
      end.openContent > 0 && !end.inTurn && !id.startsWith("_");
    return [...this.#sessions].filter(idle).map(([id]) => id);
  }

  /** Takes over a session's end at start. */
  restore(id: string, end: SessionEnd): void {
    this.#sessions.set(id, end);
    this.#openRows += end.open;
  }

  /** Adds a row that is on the disk. */
  add(row: PlacedRow): void {
    const end = this.session(row.session);
    const isHead = row.kind === "chain_head";
    const isContent = !isHead && row.kind !== "checkpoint";
    this.#sessions.set(row.session, {
      ...end,
      nextSeq: row.seq + 1,
      lastHash: row.hash,
      open: end.open + (isHead ? 0 : 1),
      openContent: end.openContent + (isContent ? 1 : 0),
      inTurn: row.kind === "turn_started" || (end.inTurn && row.kind !== "turn_ended"),
    });
    this.#openRows += isHead ? 0 : 1;
    if (isContent) this.#contentSinceCheckpoint += 1;
    this.addLeaf(row.hash, row.tsMs);
  }

  /** Adds a row's leaf alone: at start, for rows whose sessions are restored as a whole. */
  addLeaf(hash: Uint8Array, tsMs: number): void {
    this.#frontier.append(hash);
    this.#sinceSigned.push(hash);
    this.#newestMs = Math.max(this.#newestMs, tsMs);
  }

  /** Notes that a head covers the session up to `seqEnd`; `openAfter` rows came while it was being signed. */
  covered(id: string, seqEnd: number, headHash: string, openAfter: OpenCount): void {
    const end = this.session(id);
    this.#openRows -= end.open - openAfter.open;
    this.#sessions.set(id, { ...end, coveredEnd: seqEnd, lastHeadHash: headHash, ...openAfter });
  }

  /** Notes that a checkpoint over `size` rows is on the disk. */
  checkpointed(size: number): void {
    this.rebase(size);
    this.#contentSinceCheckpoint = 0;
  }

  /**
   * Moves the base of the next consistency proof to the tree of `size` rows and returns that tree's root.
   * `undefined` when the size lies outside of what is remembered.
   */
  rebase(size: number): Uint8Array | undefined {
    const steps = size - this.#signed.size;
    if (steps < 0 || steps > this.#sinceSigned.length) return undefined;
    for (const hash of this.#sinceSigned.slice(0, steps)) this.#signed.append(hash);
    this.#sinceSigned = this.#sinceSigned.slice(steps);
    return this.#signed.root();
  }

  /** Consistency proof from the tree signed last to the tree of all rows. */
  proof(): Uint8Array[] {
    const leaves = this.#sinceSigned.map((hash) => leafHash(this.#crypto, hash));
    const range = rangeFromFrontier(this.#crypto, this.#signed.size, this.#signed.roots(), leaves);
    return consistencyProof(this.#signed.size, this.#frontier.size, range);
  }
}

export interface OpenCount {
  readonly open: number;
  readonly openContent: number;
}
