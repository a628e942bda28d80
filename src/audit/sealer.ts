/**
 * Has heads and checkpoints signed and writes their rows (docs/formats/audit.md, "Chain head", "Checkpoint").
 * One seal at a time. A refusal is an alarm and leaves the rows as they are: nothing is signed around the
 * signer.
 */
import type { NewRow, Row } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { LOG_LANE, type SessionId } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import { fromHex, toHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import type { HeadSigner, SignedHead } from "#chain/head-signer.ts";
import { holderOf } from "#chain/holder.ts";
import { headMessage } from "#chain/messages.ts";
import { isSignedBy, originOf, parseCheckpoint } from "#chain/note.ts";
import type { KeyBook } from "./key-book.ts";
import type { LogMemory, OpenCount } from "./log-memory.ts";

export interface SealerOptions {
  readonly crypto: Crypto;
  readonly signer: HeadSigner;
  readonly memory: LogMemory;
  readonly keys: KeyBook;
  /** Writes rows at once, in front of everything that waits. `tsMs` is a head's own time. */
  write(row: NewRow, tsMs?: number): void;
  /** Rows of a session from a seq on, as committed. */
  readSession(session: SessionId, fromSeq: number): readonly Row[];
  /** Called with a key that has come into force. */
  published(holder: string, keys: readonly string[]): void;
}

export class Sealer {
  readonly #options: SealerOptions;
  /** Holders whose signer's key was compared with the log's in this run. */
  readonly #checked = new Set<string>();

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /**
   * Brings a holder's key into force, if it is not. A row that was written wants a checkpoint before it is
   * used.
   */
  async bringKey(holder: string): Promise<Result<"written" | "in_force", Fault>> {
    const { signer, memory, keys, write, published } = this.#options;
    if (this.#checked.has(holder)) return ok("in_force");
    const statement = await signer.keyContinuity({ logId: memory.logIdHex, holder });
    if (!statement.ok) return statement;
    const row = keys.rowFor(holder, statement.value);
    if (!row.ok) return row;
    if (row.value !== undefined) {
      write(row.value);
      keys.add(holder, statement.value.key);
    }
    published(holder, keys.all().get(holder) ?? []);
    this.#checked.add(holder);
    return ok(row.value === undefined ? "in_force" : "written");
  }

  /** Signs a head over the session's open rows; does nothing when there are none. */
  async head(session: SessionId, reason: string): Promise<Result<void, Fault>> {
    const { memory, signer } = this.#options;
    if (memory.session(session).open === 0) return ok(undefined);
    const key = await this.bringKey(holderOf(session));
    if (!key.ok) return key;
    const first = await signer.signHead(this.#request(session, reason));
    if (first.ok) return this.#write(session, first.value);
    if (first.error.reason !== "head_breaks") return first;
    const lost = await this.#recoverLostHead(session);
    if (!lost.ok || memory.session(session).open === 0) return lost;
    const second = await signer.signHead(this.#request(session, reason));
    return second.ok ? this.#write(session, second.value) : second;
  }

  /** Signs a checkpoint over all rows. The caller keeps every other writer away until it returns. */
  async checkpoint(): Promise<Result<void, Fault>> {
    const { memory, signer, keys, crypto, write } = this.#options;
    const request = (): Parameters<HeadSigner["signCheckpoint"]>[0] => ({
      logId: memory.logIdHex,
      size: memory.size,
      root: toHex(memory.root),
      proof: memory.proof().map(toHex),
    });
    let signed = await signer.signCheckpoint(request());
    if (!signed.ok && signed.error.reason === "tree_breaks") {
      const rebased = await this.#rebase();
      signed = rebased.ok ? await signer.signCheckpoint(request()) : rebased;
    }
    if (!signed.ok) return signed;
    const note = parseCheckpoint(signed.value.note);
    const logKey = fromHex(keys.inForce("log"), 32);
    const size = memory.size;
    const fits =
      note.ok &&
      note.value.origin === originOf(memory.logIdHex) &&
      note.value.size === size &&
      toHex(note.value.root) === toHex(memory.root);
    if (!fits || logKey === undefined || !isSignedBy(crypto, note.value, logKey)) return wrongAnswer();
    const payload = { note: signed.value.note, frontier: memory.roots.map(toHex) };
    write({ session: LOG_LANE, kind: "checkpoint", trust: "system", payload });
    memory.checkpointed(size);
    return ok(undefined);
  }

  #request(session: SessionId, reason: string): Parameters<HeadSigner["signHead"]>[0] {
    const { memory } = this.#options;
    const end = memory.session(session);
    return {
      logId: memory.logIdHex,
      session,
      seqStart: end.coveredEnd + 1,
      seqEnd: end.nextSeq - 1,
      headHash: toHex(end.lastHash),
      reason,
    };
  }

  /**
   * Writes a head after checking that it joins the last one, ends at a row of ours and is signed by the key
   * in force.
   */
  #write(session: SessionId, head: SignedHead): Result<void, Fault> {
    const { memory, keys, crypto, write } = this.#options;
    const end = memory.session(session);
    const joins = head.seqStart === end.coveredEnd + 1 && head.prevHeadHash === end.lastHeadHash;
    const key = fromHex(keys.inForce(holderOf(session)), 32);
    const headHash = fromHex(head.headHash, 32);
    const prevHeadHash = fromHex(head.prevHeadHash, 32);
    const signature = fromHex(head.signature, 64);
    if (!joins || !key || !headHash || !prevHeadHash || !signature) return wrongAnswer();
    const message = headMessage({ ...head, logId: memory.logId, session, headHash, prevHeadHash });
    if (!crypto.verify(key, message, signature)) return wrongAnswer();
    const openAfter = this.#openAfter(session, head.seqEnd);
    const payload = {
      seq_start: head.seqStart,
      seq_end: head.seqEnd,
      head_hash: head.headHash,
      prev_head_hash: head.prevHeadHash,
      reason: head.reason,
      key: head.key,
      signature: head.signature,
    };
    write({ session, kind: "chain_head", trust: "system", payload }, head.tsMs);
    memory.covered(session, head.seqEnd, head.headHash, openAfter);
    return ok(undefined);
  }

  #openAfter(session: SessionId, seqEnd: number): OpenCount {
    const { memory, readSession } = this.#options;
    if (memory.session(session).nextSeq === seqEnd + 1) return { open: 0, openContent: 0 };
    const after = readSession(session, seqEnd + 1).filter(({ kind }) => kind !== "chain_head");
    return { open: after.length, openContent: after.filter(({ kind }) => kind !== "checkpoint").length };
  }

  /** A head was signed and its row lost on the way: the signer gives it again, and it is written now. */
  async #recoverLostHead(session: SessionId): Promise<Result<void, Fault>> {
    const { signer, memory, readSession } = this.#options;
    const state = await signer.state({ logId: memory.logIdHex, session });
    if (!state.ok) return state;
    const head = state.value.head;
    if (head === undefined) return fail("refused", "the signer remembers another past of this session");
    const [last] = readSession(session, head.seqEnd);
    if (last?.hash !== head.headHash) {
      return fail("refused", "the signer remembers another past of this session", { reason: "head_breaks" });
    }
    return this.#write(session, head);
  }

  /** The signer signed a checkpoint whose row was lost: the next proof starts from the tree it remembers. */
  async #rebase(): Promise<Result<never, Fault> | { readonly ok: true; readonly value: undefined }> {
    const { signer, memory } = this.#options;
    const state = await signer.state({ logId: memory.logIdHex, session: "" });
    if (!state.ok) return state;
    const root = memory.rebase(state.value.size);
    if (root !== undefined && toHex(root) === state.value.root) return ok(undefined);
    return fail("refused", "the signer remembers another tree of this log", { reason: "tree_breaks" });
  }
}

function wrongAnswer(): Result<never, Fault> {
  return fail("protocol", "the signer's answer does not fit the log", { reason: "signer_answer" });
}
