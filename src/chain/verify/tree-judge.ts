/** The tree over all rows against the checkpoints in the log and those that were kept elsewhere. */
import { equalBytes } from "../bytes.ts";
import type { Crypto } from "../crypto.ts";
import { type SignedCheckpoint, isSignedBy, originOf, parseCheckpoint } from "../note.ts";
import { Frontier } from "../tree.ts";
import type { CheckpointPayload } from "./fields.ts";
import type { KeyRing } from "./key-ring.ts";
import type { RawRow } from "./raw-row.ts";
import type { Place, Problems } from "./report.ts";

/** A size and root that the log must contain: from a checkpoint file, or the signer's memory. */
export interface TreeAnchor {
  readonly size: number;
  readonly root: Uint8Array;
}

export class TreeJudge {
  readonly #crypto: Crypto;
  readonly #keys: KeyRing;
  readonly #problems: Problems;
  readonly #anchors: { readonly anchor: TreeAnchor; met: boolean }[];
  #frontier: Frontier;
  #logIdHex = "";
  #restored = 0;
  /** Id of the last checkpoint that stands in every respect. */
  lastValidId = 0;
  /** Size of the last checkpoint row, valid or not. */
  lastSize = 0;

  constructor(crypto: Crypto, keys: KeyRing, problems: Problems, anchors: readonly TreeAnchor[]) {
    this.#crypto = crypto;
    this.#keys = keys;
    this.#problems = problems;
    this.#frontier = new Frontier(crypto);
    this.#anchors = anchors.map((anchor) => ({ anchor, met: false }));
    this.#meet();
  }

  begin(logIdHex: string): void {
    this.#logIdHex = logIdHex;
  }

  restored(): void {
    this.#restored += 1;
  }

  /** Adds a row's leaf. Called after the row was judged: a checkpoint covers the rows before it. */
  append(hash: Uint8Array): void {
    this.#frontier.append(hash);
    if (this.#anchors.length > 0) this.#meet();
  }

  /**
   * Judges a checkpoint; true when it stands. After a wrong root the walk goes on from the checkpoint's own
   * tree.
   */
  checkpoint(row: RawRow, payload: CheckpointPayload): boolean {
    this.lastSize = row.id - 1;
    const note = parseCheckpoint(payload.note);
    if (!note.ok || note.value.extensions > 0) {
      this.#problems.add(row, "tree_signature", "the note is not a checkpoint");
      return false;
    }
    const signed = this.#isSigned(row, note.value);
    const sized = note.value.size === row.id - 1;
    if (!sized)
      this.#problems.add(row, "tree_size", `is over ${note.value.size} rows, not over all before it`);
    const rooted = this.#isRooted(row, note.value, payload);
    const stands = signed && sized && rooted;
    if (stands) this.lastValidId = row.id;
    return stands;
  }

  /** After the last row: an anchor that was not met means that rows are missing or were changed. */
  finish(end: Place): void {
    for (const { anchor, met } of this.#anchors) {
      if (met) continue;
      const short = anchor.size > this.#frontier.size;
      const detail = short
        ? `the anchor is over ${anchor.size} rows, the log has ${this.#frontier.size}`
        : `the log's first ${anchor.size} rows are not the anchor's`;
      this.#problems.add(end, "rollback", detail);
    }
  }

  #isSigned(row: RawRow, note: SignedCheckpoint): boolean {
    const key = this.#keys.inForce("log");
    const origin = note.origin === originOf(this.#logIdHex, this.#restored);
    const signed = key !== undefined && isSignedBy(this.#crypto, note, key);
    if (!origin) this.#problems.add(row, "tree_signature", "the origin is another log's");
    else if (!signed) this.#problems.add(row, "tree_signature", "not signed by the log key in force");
    return origin && signed;
  }

  #isRooted(row: RawRow, note: SignedCheckpoint, payload: CheckpointPayload): boolean {
    const own = Frontier.from(this.#crypto, note.size, payload.frontier);
    const whole = own !== undefined && equalBytes(own.root(), note.root);
    if (!whole) this.#problems.add(row, "tree_root", "the frontier does not give the note's root");
    if (equalBytes(this.#frontier.root(), note.root)) return whole;
    this.#problems.add(row, "tree_root", "rows since the checkpoint before are not those that were signed");
    if (whole && note.size === this.#frontier.size) this.#frontier = own;
    return false;
  }

  #meet(): void {
    for (const entry of this.#anchors) {
      if (entry.met || entry.anchor.size !== this.#frontier.size) continue;
      entry.met = equalBytes(entry.anchor.root, this.#frontier.root());
    }
  }
}
