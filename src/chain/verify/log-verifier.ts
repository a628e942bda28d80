/**
 * The verdict on a whole log, row by row in order of id, then once at the end ("Intact means all of this",
 * docs/formats/audit.md). Pure: rows come in, a report comes out. Never throws for what a file holds.
 */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { equalBytes, fromHex, toHex } from "../bytes.ts";
import type { Crypto } from "../crypto.ts";
import { isIJsonObject } from "../i-json.ts";
import { type RowHasher, rowHasher } from "../row-hash.ts";
import { ErasureJudge } from "./erasure-judge.ts";
import {
  checkpointPayload,
  erasePayload,
  headPayload,
  isSealed,
  keyPayload,
  objectOf,
  prunePayload,
} from "./fields.ts";
import { IdentityJudge, type IndexedIdentity } from "./identity-judge.ts";
import { KeyRing } from "./key-ring.ts";
import { KnownWords, type RawRow, readRow } from "./raw-row.ts";
import { type Place, Problems } from "./report.ts";
import { SessionChains, type SessionWalk } from "./session-chains.ts";
import { StopJudge } from "./stop-judge.ts";
import { TailJudge, openRows } from "./tail-judge.ts";
import { type TreeAnchor, TreeJudge } from "./tree-judge.ts";

const START: Place = { session: "_log", seq: 0, id: 1 };

export class LogVerifier {
  readonly problems = new Problems();
  readonly keys: KeyRing;
  readonly sessions: SessionChains;
  readonly #crypto: Crypto;
  readonly #hasher: RowHasher;
  readonly #digest = new Uint8Array(32);
  readonly #words = new KnownWords();
  readonly #tree: TreeJudge;
  readonly #erasure = new ErasureJudge();
  readonly #stop = new StopJudge();
  readonly #tail = new TailJudge();
  readonly #identities = new IdentityJudge();
  /** Ranges of `_log` that were found unattested: rows in them have no force. */
  readonly #recovered: { seqStart: number; seqEnd: number; attestedId: number }[] = [];
  #last: Place = START;
  #newestMs = 0;
  rows = 0;
  heads = 0;
  checkpoints = 0;
  /** Rows that were found unattested at a start and signed as `recovered`. */
  recovered = 0;
  /** Hex; empty until row 1 was read. */
  logIdHex = "";

  constructor(crypto: Crypto, anchors: readonly TreeAnchor[]) {
    this.#crypto = crypto;
    this.#hasher = rowHasher(crypto);
    this.keys = new KeyRing(crypto);
    this.sessions = new SessionChains(crypto, this.keys, this.problems);
    this.#tree = new TreeJudge(crypto, this.keys, this.problems, anchors);
  }

  /** Takes the next row: its columns in the order of `ROW_COLUMNS`. */
  row(values: readonly unknown[]): void {
    this.rows += 1;
    const row = readRow(values, this.#words);
    if (typeof row === "string") {
      this.#unreadable(values, row);
      return;
    }
    if (row.id !== this.#last.id + (this.rows === 1 ? 0 : 1)) {
      this.problems.add(row, "gap", `the rows after id ${this.rows === 1 ? 0 : this.#last.id} are missing`);
    }
    if (this.rows === 1) this.#begin(row);
    this.#time(row);
    const sessions = this.sessions.count;
    const walk = this.sessions.join(row);
    if (this.sessions.count > sessions) this.#identities.use(row, this.problems);
    const payload = this.#texts(row);
    this.#hash(row);
    if (payload !== undefined) this.#special(row, payload, walk);
    this.#stop.row(row);
    this.#tail.row(row);
    this.#tree.append(row.hash);
    this.#last = row;
  }

  /** Judges what only the end shows. `sequence` is SQLite's own count of ids ever given. */
  finish(end: { readonly sequence: number | undefined; readonly indexed: readonly IndexedIdentity[] }): void {
    if (this.rows === 0) this.problems.add(START, "schema", "the log has no rows");
    this.#last = placeOf(this.#last);
    if (this.rows > 0 && end.sequence !== this.#last.id) {
      this.problems.add(this.#last, "gap", "more ids were given than the log has rows");
    }
    const { ended } = this.#stop;
    this.#tail.finish(this.sessions.walks(), { newestMs: this.#newestMs, ended }, this.problems);
    this.#stop.finish(this.problems);
    this.#tree.finish(this.#last);
    this.#identities.finish(end.indexed, this.problems);
    this.#erasure.finish(
      this.problems,
      (place) => place.id < this.#tree.lastValidId && !this.#isRecovered(place),
    );
  }

  /** Rows that no head of their session covers, heads and checkpoints apart. */
  get uncovered(): number {
    return openRows(this.sessions.walks());
  }

  #unreadable(values: readonly unknown[], column: string): void {
    const [id, session, seq] = values;
    const place = {
      session: typeof session === "string" ? session.slice(0, 128) : "",
      seq: typeof seq === "number" ? seq : 0,
      id: typeof id === "number" ? id : this.#last.id + 1,
    };
    this.problems.add(place, "schema", `the column ${column} breaks the format`);
    const hash = values[12];
    this.#last = place;
    if (!(hash instanceof Uint8Array) || hash.length !== 32) return;
    this.#tree.append(hash);
    if (this.#words.session(session) && Number.isSafeInteger(seq))
      this.sessions.pass(session, place.seq, hash);
  }

  #begin(row: RawRow): void {
    const payload = row.payload === null ? undefined : objectOf(row.payload);
    const logId = fromHex(payload?.["log_id"], 16);
    const logKey = fromHex(payload?.["log_key"], 32);
    const first = row.session === "_log" && row.seq === 0 && row.kind === "log_created";
    if (!first || logId === undefined || logKey === undefined) {
      this.problems.add(row, "schema", "row 1 does not begin a log");
      return;
    }
    this.logIdHex = toHex(logId);
    this.keys.begin(logId, logKey);
    this.sessions.begin(logId);
    this.#tree.begin(this.logIdHex);
  }

  /**
   * Time never runs back from row to row; a head carries the signer's, which may lag behind by one
   * interval.
   */
  #time(row: RawRow): void {
    const slack = row.kind === "chain_head" ? LIMITS.uncovered_ms_max : 0;
    if (row.tsMs < this.#newestMs - slack) this.problems.add(row, "clock", "is older than a row before it");
    if (row.tsMs > this.#newestMs) this.#newestMs = row.tsMs;
  }

  /** Checks payload and content; returns the payload of a kind that is read further. */
  #texts(row: RawRow): JsonObject | undefined {
    const { payload, content, salt, contentHash } = row;
    if (content === null) {
      if (salt !== null) this.problems.add(row, "schema", "a salt without content");
      if (contentHash !== null) this.#erasure.contentMissing(row);
    } else {
      const digest = this.#hasher.content(salt, content, this.#digest);
      if (contentHash === null || !equalBytes(digest, contentHash)) {
        this.problems.add(row, "content_mismatch", "the text is not the one that was hashed");
      }
      if (!isIJsonObject(content)) this.problems.add(row, "schema", "content is not an I-JSON object");
      else if (salt === null && !isSealed(objectOf(content) ?? {})) {
        this.problems.add(row, "schema", "content without salt is not sealed text");
      }
    }
    if (payload === null) {
      this.#erasure.payloadMissing(row);
      return undefined;
    }
    if (!equalBytes(this.#crypto.sha256(payload, this.#digest), row.payloadHash)) {
      this.problems.add(row, "payload_hash", "the payload is not the one that was hashed");
    }
    if (!isIJsonObject(payload)) {
      this.problems.add(row, "schema", "payload is not an I-JSON object");
      return undefined;
    }
    return SPECIAL.has(row.kind) ? objectOf(payload) : undefined;
  }

  #hash(row: RawRow): void {
    const digest = this.#hasher.row(row, this.#digest);
    if (!equalBytes(digest, row.hash))
      this.problems.add(row, "row_hash", "the row is not the one that was hashed");
  }

  #special(row: RawRow, payload: JsonObject, walk: SessionWalk): void {
    if (!this.#judge(row, payload, walk)) {
      this.problems.add(row, "schema", `the payload is not that of a ${row.kind} row`);
    }
  }

  /** Judges a row of the record's own kinds; false when its payload or its lane is not that kind's. */
  #judge(row: RawRow, payload: JsonObject, walk: SessionWalk): boolean {
    if (row.kind === "chain_head") return this.#head(row, payload, walk);
    if (row.session !== "_log") return false;
    if (row.kind === "checkpoint") return this.#checkpoint(row, payload);
    if (row.kind === "key_continuity") return this.#key(row, payload);
    if (row.kind === "restored") {
      this.#tree.restored();
      return true;
    }
    if (row.kind === "pruned") {
      const says = prunePayload(payload);
      if (says !== undefined) this.#erasure.pruned(row, says);
      return says !== undefined;
    }
    if (row.kind === "content_erased") {
      const says = erasePayload(payload);
      if (says !== undefined) this.#erasure.erased(row, says);
      return says !== undefined;
    }
    return this.#identities.announce(row, payload);
  }

  #head(row: RawRow, payload: JsonObject, walk: SessionWalk): boolean {
    const head = headPayload(payload);
    if (head === undefined) return false;
    this.heads += 1;
    if (head.reason === "recovered") this.#recover(row, head.seqStart, head.seqEnd, walk);
    this.sessions.head(row, head);
    return true;
  }

  #recover(row: RawRow, seqStart: number, seqEnd: number, walk: SessionWalk): void {
    const attestedId = this.#tree.lastSize;
    this.recovered += walk.open.countUpTo(seqEnd, attestedId);
    if (row.session !== "_log") return;
    this.#recovered.push({ seqStart, seqEnd, attestedId });
    this.keys.revoke(seqStart, seqEnd, attestedId);
  }

  #checkpoint(row: RawRow, payload: JsonObject): boolean {
    const checkpoint = checkpointPayload(payload);
    if (checkpoint === undefined) return false;
    this.checkpoints += 1;
    this.#tail.checkpoint();
    if (this.#tree.checkpoint(row, checkpoint)) this.#stop.attested();
    return true;
  }

  #key(row: RawRow, payload: JsonObject): boolean {
    const key = keyPayload(payload);
    if (key === undefined) return false;
    if (!this.keys.add(key, row.id, row.seq)) {
      this.problems.add(row, "key_break", `does not continue the keys of ${key.holder}`);
    }
    return true;
  }

  #isRecovered(place: Place): boolean {
    return this.#recovered.some(
      ({ seqStart, seqEnd, attestedId }) =>
        place.seq >= seqStart && place.seq <= seqEnd && place.id > attestedId,
    );
  }
}

/** Kinds whose payload verification reads. */
const SPECIAL: ReadonlySet<string> = new Set([
  "chain_head",
  "checkpoint",
  "key_continuity",
  "restored",
  "pruned",
  "content_erased",
  "conversation_seen",
  "person_seen",
]);

function placeOf({ session, seq, id }: Place): Place {
  return { session, seq, id };
}
