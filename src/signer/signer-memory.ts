/**
 * The signer's memory of what it signed, over a `StateStore`: one entry for the log's tree, one for each
 * session's last
 * head. Nothing is signed whose new state is not on the disk first.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { fromHex, toHex, utf8 } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import type { SignedHead } from "#chain/head-signer.ts";
import { parseSignedHead, printSignedHead } from "#chain/signer-protocol.ts";
import type { StateStore } from "./state-store.ts";

/** Entry of the tree: which log, and the size and root last signed. */
export interface TreeMemory {
  readonly logId: string;
  readonly size: number;
  readonly root: string;
  /** Grows when an operator accepts a state: heads of an earlier epoch are forgotten at once. */
  readonly epoch: number;
}

const TREE = "tree";

export class SignerMemory {
  readonly #store: StateStore;
  readonly #crypto: Crypto;
  #tree: TreeMemory | undefined;
  /** Heads that were read or written in this run, by the name of their entry: of one log, epoch and session. */
  readonly #heads = new Map<string, SignedHead>();

  private constructor(store: StateStore, crypto: Crypto, tree: TreeMemory | undefined) {
    this.#store = store;
    this.#crypto = crypto;
    this.#tree = tree;
  }

  /** Reads the tree's entry. A damaged entry is a fault: it must not pass for an empty memory. */
  static open(store: StateStore, crypto: Crypto): Result<SignerMemory, Fault> {
    const loaded = store.load(TREE);
    if (!loaded.ok) return loaded;
    if (loaded.value === undefined) return ok(new SignerMemory(store, crypto, undefined));
    const tree = parseTree(loaded.value);
    if (tree === undefined) return fail("damaged", "the signer's memory of the tree does not parse");
    return ok(new SignerMemory(store, crypto, tree));
  }

  /** The tree last signed; `undefined` when nothing was ever kept. */
  get tree(): TreeMemory | undefined {
    return this.#tree;
  }

  saveTree(tree: TreeMemory): Result<void, Fault> {
    const json = { log_id: tree.logId, size: tree.size, root: tree.root, epoch: tree.epoch };
    const saved = this.#store.save(TREE, utf8(JSON.stringify(json)));
    if (saved.ok) this.#tree = tree;
    return saved;
  }

  /** The session's last signed head in this log. */
  head(logId: string, session: string): Result<SignedHead | undefined, Fault> {
    const entry = this.#entryOf(logId, this.#tree?.epoch ?? 0, session);
    const known = this.#heads.get(entry);
    if (known !== undefined) return ok(known);
    const loaded = this.#store.load(entry);
    if (!loaded.ok || loaded.value === undefined) return loaded.ok ? ok(undefined) : loaded;
    const head = parseSignedHead(new TextDecoder().decode(loaded.value));
    if (!head.ok) return fail("damaged", "the signer's memory of a session does not parse");
    this.#heads.set(entry, head.value);
    return ok(head.value);
  }

  saveHead(logId: string, session: string, head: SignedHead): Result<void, Fault> {
    const entry = this.#entryOf(logId, this.#tree?.epoch ?? 0, session);
    const saved = this.#store.save(entry, utf8(printSignedHead(head)));
    if (saved.ok) this.#heads.set(entry, head);
    return saved;
  }

  /** Replaces everything: the heads of the new epoch first, then the tree, whose entry makes them count. */
  replace(tree: TreeMemory, heads: ReadonlyMap<string, SignedHead>): Result<void, Fault> {
    for (const [session, head] of heads) {
      const entry = this.#entryOf(tree.logId, tree.epoch, session);
      const saved = this.#store.save(entry, utf8(printSignedHead(head)));
      if (!saved.ok) return saved;
    }
    this.#heads.clear();
    return this.saveTree(tree);
  }

  /** A session id holds characters that a file name may not: its entry is named by a hash. */
  #entryOf(logId: string, epoch: number, session: string): string {
    return `head-${toHex(this.#crypto.sha256(`${logId}/${epoch}/${session}`)).slice(0, 40)}`;
  }
}

function parseTree(bytes: Uint8Array): TreeMemory | undefined {
  const parsed = parseJson(new TextDecoder().decode(bytes));
  const logId = parsed?.["log_id"];
  const size = parsed?.["size"];
  const root = parsed?.["root"];
  if (fromHex(logId, 16) === undefined || fromHex(root, 32) === undefined) return undefined;
  const epoch = parsed?.["epoch"];
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch) || epoch < 0) return undefined;
  if (typeof logId !== "string" || typeof root !== "string") return undefined;
  return { logId, size, root, epoch };
}

function parseJson(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
