/**
 * The signer's decisions (docs/formats/audit.md, "Signer"): a head must join the session's last one, a
 * checkpoint must
 * come with a consistency proof from the last one, and the new state is on the disk before a signature
 * leaves.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import { fromHex, toHex, utf8 } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import type {
  AcceptRequest,
  CheckpointRequest,
  HeadRequest,
  KeyRequest,
  SignedHead,
  SignedKey,
  SignerState,
  StateRequest,
} from "#chain/head-signer.ts";
import { holderOf } from "#chain/holder.ts";
import { ZERO_32, headMessage, keyMessage } from "#chain/messages.ts";
import { checkpointText, originOf, printCheckpoint } from "#chain/note.ts";
import { verifyConsistency } from "#chain/proofs.ts";
import { emptyRoot } from "#chain/tree.ts";
import type { SignerMemory, TreeMemory } from "./signer-memory.ts";
import type { SigningKey } from "#ipc/keys.ts";

/** A holder's key, with the one it replaces when it was rotated. */
export interface HolderKeys {
  readonly current: SigningKey;
  readonly previous: SigningKey | undefined;
}

export interface SignerOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly memory: SignerMemory;
  /** Keys by holder: `log` and `agent:<id>`. */
  readonly keys: ReadonlyMap<string, HolderKeys>;
  /** There is no log yet: a missing memory is no loss, and the first log asked for is adopted. */
  readonly fresh: boolean;
  /** Size and root that the operator accepted on the terminal; `accept_state` must name the same. */
  readonly accepted: { readonly size: number; readonly root: string } | undefined;
}

/** Reason of a head that stands in the memory by the operator's word and was never signed. */
const ACCEPTED = "accepted";

export class SignerCore {
  readonly #options: SignerOptions;
  readonly #logKeys: HolderKeys;

  constructor(options: SignerOptions) {
    const logKeys = options.keys.get("log");
    if (logKeys === undefined) throw new Error("the signer was started without a log key");
    this.#options = options;
    this.#logKeys = logKeys;
  }

  /** Signs a head that continues the session's last one; the last one itself is given again, unchanged. */
  signHead(request: HeadRequest): Result<SignedHead, Fault> {
    const { memory, clock } = this.#options;
    const tree = this.#treeOf(request.logId);
    if (!tree.ok) return tree;
    const last = memory.head(request.logId, request.session);
    if (!last.ok) return last;
    const before = last.value;
    if (before !== undefined && isSameHead(before, request)) return ok(before);
    const seqStart = before === undefined ? 0 : before.seqEnd + 1;
    if (request.seqStart !== seqStart || request.seqEnd < seqStart) {
      return fail("refused", "the head does not continue the last one signed", { reason: "head_breaks" });
    }
    const holder = holderOf(request.session);
    const keys = this.#options.keys.get(holder);
    if (keys === undefined) return fail("not_found", "the signer has no key for this session's agent");
    const head = {
      seqStart,
      seqEnd: request.seqEnd,
      headHash: request.headHash,
      prevHeadHash: before?.headHash ?? toHex(ZERO_32),
      reason: request.reason,
      tsMs: Math.max(clock.now(), before?.tsMs ?? 0),
      key: keys.current.publicKey.hex,
    };
    const message = headMessage({
      logId: hexBytes(request.logId),
      session: request.session,
      seqStart: head.seqStart,
      seqEnd: head.seqEnd,
      headHash: hexBytes(head.headHash),
      tsMs: head.tsMs,
      prevHeadHash: hexBytes(head.prevHeadHash),
      reason: head.reason,
    });
    const signed = { ...head, signature: toHex(keys.current.sign(message)) };
    const kept = this.#adopt(tree.value, request.logId);
    const saved = kept.ok ? memory.saveHead(request.logId, request.session, signed) : kept;
    return saved.ok ? ok(signed) : saved;
  }

  /** Signs a checkpoint whose tree contains the last one signed. */
  signCheckpoint(request: CheckpointRequest): Result<{ readonly note: string }, Fault> {
    const { memory, crypto } = this.#options;
    const tree = this.#treeOf(request.logId);
    if (!tree.ok) return tree;
    const first = { size: tree.value.size, root: hexBytes(tree.value.root) };
    const second = { size: request.size, root: hexBytes(request.root) };
    const proof = request.proof.map(hexBytes);
    // The first checkpoint continues nothing: there is no proof, and none may be given.
    const continues = first.size === 0 ? proof.length === 0 : verifyConsistency(crypto, first, second, proof);
    if (!continues) {
      return fail("refused", "the tree does not continue the last one signed", { reason: "tree_breaks" });
    }
    const checkpoint = { origin: originOf(request.logId), size: request.size, root: second.root };
    const { current } = this.#logKeys;
    const signature = current.sign(utf8(checkpointText(checkpoint)));
    const saved = memory.saveTree({ ...tree.value, size: request.size, root: request.root });
    if (!saved.ok) return saved;
    return ok({ note: printCheckpoint(crypto, checkpoint, current.publicKey.bytes, signature) });
  }

  /**
   * States which key a holder signs with, signed by the key it replaces; a first key is signed by the log
   * key.
   */
  keyContinuity(request: KeyRequest): Result<SignedKey, Fault> {
    const tree = this.#treeOf(request.logId);
    if (!tree.ok) return tree;
    const keys = this.#options.keys.get(request.holder);
    if (keys === undefined) return fail("not_found", "the signer has no key for this holder");
    const key = keys.current.publicKey.bytes;
    const prevKey = keys.previous?.publicKey.bytes ?? ZERO_32;
    const voucher = keys.previous ?? this.#logKeys.current;
    const signature = voucher.sign(keyMessage(hexBytes(request.logId), request.holder, key, prevKey));
    return ok({ key: toHex(key), prevKey: toHex(prevKey), signature: toHex(signature) });
  }

  /** Tells what is remembered of a log, and of one session when the request names it. */
  state(request: StateRequest): Result<SignerState, Fault> {
    const logKey = this.#logKeys.current.publicKey.hex;
    const { memory, crypto } = this.#options;
    const begun = this.#treeOf(request.logId);
    // Bound before the log's first row: a start that is cut off here finds its own log again.
    const adopted = begun.ok ? this.#adopt(begun.value, request.logId) : ok(undefined);
    if (!adopted.ok) return adopted;
    const tree = memory.tree;
    const empty = { logKey, size: 0, root: toHex(emptyRoot(crypto)), head: undefined };
    if (tree?.logId !== request.logId) return ok({ ...empty, memory: "missing" });
    if (tree.size === 0) return ok({ ...empty, memory: "fresh" });
    const head = request.session === "" ? ok(undefined) : memory.head(request.logId, request.session);
    if (!head.ok) return head;
    const signed = head.value?.reason === ACCEPTED ? undefined : head.value;
    return ok({ logKey, memory: "ready", size: tree.size, root: tree.root, head: signed });
  }

  /** Takes the log's state as the memory, when the operator named exactly this state on the terminal. */
  acceptState(request: AcceptRequest): Result<Record<string, never>, Fault> {
    const { accepted, memory, clock } = this.#options;
    if (accepted === undefined || accepted.size !== request.size || accepted.root !== request.root) {
      return fail("refused", "the operator has not accepted this state", { reason: "not_accepted" });
    }
    const heads = new Map<string, SignedHead>();
    for (const { session, seqEnd, headHash } of request.sessions) {
      heads.set(session, {
        seqStart: 0,
        seqEnd,
        headHash,
        prevHeadHash: toHex(ZERO_32),
        reason: ACCEPTED,
        tsMs: clock.now(),
        key: toHex(ZERO_32),
        signature: "00".repeat(64),
      });
    }
    const { logId, size, root } = request;
    const saved = memory.replace({ logId, size, root, epoch: (memory.tree?.epoch ?? 0) + 1 }, heads);
    return saved.ok ? ok({}) : saved;
  }

  /** The tree memory of this log, or an empty one where this log may begin. */
  #treeOf(logId: string): Result<TreeMemory, Fault> {
    const { memory, fresh, crypto } = this.#options;
    const tree = memory.tree;
    if (tree?.logId === logId) return ok(tree);
    // Before the first checkpoint nothing is attested that another log could contradict.
    if (tree === undefined ? fresh : tree.size === 0) {
      return ok({ logId, size: 0, root: toHex(emptyRoot(crypto)), epoch: tree?.epoch ?? 0 });
    }
    return fail("refused", "the signer's memory of this log is missing", {
      reason: "state_missing",
      hint: "look at the log with `wirken audit verify`, then run `wirken audit accept-state`",
    });
  }

  /** Binds a fresh memory to its first log before anything of it is signed. */
  #adopt(tree: TreeMemory, logId: string): Result<void, Fault> {
    return this.#options.memory.tree?.logId === logId ? ok(undefined) : this.#options.memory.saveTree(tree);
  }
}

/**
 * True when the request asks once more for the head signed last: its answer was lost. An accepted head is
 * not one.
 */
function isSameHead(before: SignedHead, request: HeadRequest): boolean {
  return (
    before.reason !== ACCEPTED &&
    before.seqStart === request.seqStart &&
    before.seqEnd === request.seqEnd &&
    before.headHash === request.headHash
  );
}

/** The protocol has checked the hex: anything else here is a bug. */
function hexBytes(text: string): Uint8Array {
  const bytes = fromHex(text, text.length / 2);
  if (bytes === undefined) throw new Error("unchecked hex in the signer");
  return bytes;
}
