/** Sessions as verification walks them: each row joins the one before, each head joins the head before. */
import { equalBytes, toHex } from "../bytes.ts";
import type { Crypto } from "../crypto.ts";
import { ZERO_32, headMessage } from "../messages.ts";
import { sessionPrevHash } from "../row-hash.ts";
import { holderOf } from "../holder.ts";
import type { HeadPayload } from "./fields.ts";
import type { KeyRing } from "./key-ring.ts";
import { OpenRows } from "./open-rows.ts";
import type { RawRow } from "./raw-row.ts";
import type { Problems } from "./report.ts";

export interface SessionWalk {
  nextSeq: number;
  lastHash: Uint8Array;
  /** Last seq under a head, and that head's hash. */
  coveredEnd: number;
  headHash: Uint8Array;
  /** Hashes of the rows after `coveredEnd`, in order of seq. */
  uncovered: Uint8Array[];
  /** Rows after the last head's end that are neither head nor checkpoint. */
  readonly open: OpenRows;
  inTurn: boolean;
}

export class SessionChains {
  readonly #crypto: Crypto;
  readonly #keys: KeyRing;
  readonly #problems: Problems;
  readonly #walks = new Map<string, SessionWalk>();
  #logId: Uint8Array = new Uint8Array(16);
  #lastName = "";
  #lastWalk: SessionWalk | undefined;

  constructor(crypto: Crypto, keys: KeyRing, problems: Problems) {
    this.#crypto = crypto;
    this.#keys = keys;
    this.#problems = problems;
  }

  begin(logId: Uint8Array): void {
    this.#logId = logId;
  }

  get count(): number {
    return this.#walks.size;
  }

  walks(): ReadonlyMap<string, SessionWalk> {
    return this.#walks;
  }

  /** Joins a row to its session. After a break the walk goes on from the row as it stands. */
  join(row: RawRow): SessionWalk {
    const walk = this.#walkOf(row.session);
    if (row.seq !== walk.nextSeq) {
      const detail =
        row.seq > walk.nextSeq ? `seq ${walk.nextSeq} is missing` : "this seq stood here already";
      this.#problems.add(row, "gap", detail);
    } else if (!equalBytes(row.prevHash, walk.lastHash)) {
      this.#problems.add(row, "prev_hash", "does not join the row before it in its session");
    }
    walk.nextSeq = row.seq + 1;
    walk.lastHash = row.hash;
    keep(walk, row.seq, row.hash);
    if (row.kind !== "chain_head" && row.kind !== "checkpoint") {
      walk.open.add(row);
      if (row.kind === "turn_started") walk.inTurn = true;
      if (row.kind === "turn_ended") walk.inTurn = false;
    }
    return walk;
  }

  /** Passes a row that breaks the format, so that the rows after it are judged by themselves. */
  pass(session: string, seq: number, hash: Uint8Array): void {
    const walk = this.#walkOf(session);
    walk.nextSeq = seq + 1;
    walk.lastHash = hash;
    keep(walk, seq, hash);
  }

  /** Judges a head and closes its range; true when it stands. */
  head(row: RawRow, head: HeadPayload): boolean {
    const walk = this.#walkOf(row.session);
    const fault = this.#rangeFault(row, head, walk);
    if (fault !== undefined) this.#problems.add(row, "head_range", fault);
    const signed = this.#isSigned(row, head);
    this.#close(walk, head);
    return fault === undefined && signed;
  }

  #rangeFault(row: RawRow, head: HeadPayload, walk: SessionWalk): string | undefined {
    if (head.seqStart !== walk.coveredEnd + 1)
      return `the range begins at ${head.seqStart}, not where the last ended`;
    if (head.seqEnd < head.seqStart || head.seqEnd >= row.seq) return "the range is empty or reaches itself";
    if (!equalBytes(head.prevHeadHash, walk.headHash)) return "does not join the head before it";
    const covered = walk.uncovered[head.seqEnd - head.seqStart];
    if (covered === undefined || !equalBytes(covered, head.headHash))
      return "is over another row than the log's";
    return undefined;
  }

  #isSigned(row: RawRow, head: HeadPayload): boolean {
    const holder = holderOf(row.session);
    const key = this.#keys.inForce(holder);
    if (key === undefined) {
      this.#problems.add(row, "unknown_key", `no key of ${holder} is in force`);
      return false;
    }
    const message = headMessage({ ...head, logId: this.#logId, session: row.session, tsMs: row.tsMs });
    const valid = this.#crypto.verify(key, message, head.signature);
    if (!valid)
      this.#problems.add(row, "head_signature", `not signed by ${holder}'s key ${toHex(key).slice(0, 16)}…`);
    return valid;
  }

  #close(walk: SessionWalk, head: HeadPayload): void {
    walk.uncovered = walk.uncovered.slice(head.seqEnd - walk.coveredEnd);
    walk.coveredEnd = head.seqEnd;
    walk.headHash = head.headHash;
    walk.open.cover(head.seqEnd);
  }

  #walkOf(session: string): SessionWalk {
    if (session === this.#lastName && this.#lastWalk !== undefined) return this.#lastWalk;
    const known = this.#walks.get(session) ?? {
      nextSeq: 0,
      lastHash: sessionPrevHash(this.#crypto, this.#logId, session),
      coveredEnd: -1,
      headHash: ZERO_32,
      uncovered: [],
      open: new OpenRows(),
      inTurn: false,
    };
    this.#walks.set(session, known);
    this.#lastName = session;
    this.#lastWalk = known;
    return known;
  }
}

/**
 * Keeps a hash until a head covers it. A seq that a broken session jumped to is not kept: no honest head
 * ends there.
 */
function keep(walk: SessionWalk, seq: number, hash: Uint8Array): void {
  if (seq - walk.coveredEnd - 1 === walk.uncovered.length) walk.uncovered.push(hash);
}
