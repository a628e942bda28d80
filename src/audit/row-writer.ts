/**
 * Places drafts in the log: numbers, time, hashes, one transaction, then the memory. Synchronous; the one
 * writer.
 */
import type { Row } from "#contracts/audit-event.ts";
import { LOG_LANE } from "#contracts/ids.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { toHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import { type RowHasher, rowHasher } from "#chain/row-hash.ts";
import { type Draft, draftOf } from "./draft.ts";
import { IdentityIndex } from "./identity-index.ts";
import type { LogMemory } from "./log-memory.ts";
import type { LogTable, StoredRow } from "./log-table.ts";

export interface RowWriterOptions {
  readonly table: LogTable;
  readonly memory: LogMemory;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
}

const SALT_BYTES = 16;

export class RowWriter {
  readonly #options: RowWriterOptions;
  readonly #hasher: RowHasher;
  #identities: IdentityIndex;

  constructor(options: RowWriterOptions) {
    this.#options = options;
    this.#hasher = rowHasher(options.crypto);
    this.#identities = new IdentityIndex(options.table.database);
  }

  get identities(): IdentityIndex {
    return this.#identities;
  }

  /**
   * Appends drafts in order and returns their rows; a conversation's announcement is put before its first
   * use.
   * @throws the system's error when the log cannot be written; then nothing was written and the memory is
   * unchanged.
   */
  write(drafts: readonly Draft[]): { readonly rows: readonly Row[]; readonly all: readonly Row[] } {
    const placed = this.#place(drafts);
    try {
      this.#options.table.insert(
        placed.map(({ stored }) => stored),
        (row) => {
          const draft = placed[row.id - this.#options.memory.size - 1]?.draft;
          if (draft === undefined) return;
          this.#identities.add(row.session, row.kind, draft.payload.json, draft.content?.json, row.id);
        },
      );
    } catch (error) {
      this.#identities = new IdentityIndex(this.#options.table.database); // drops what the transaction took back
      throw error;
    }
    for (const { stored } of placed) this.#options.memory.add(stored);
    const all = placed.map(({ stored, draft }) => publicRow(stored, draft));
    return { rows: all.filter((_, index) => placed[index]?.own === true), all };
  }

  #place(drafts: readonly Draft[]): { stored: StoredRow; draft: Draft; own: boolean }[] {
    const { memory, clock } = this.#options;
    const ends = new Map<string, { nextSeq: number; lastHash: Uint8Array }>();
    const announced = new Set<string>();
    const now = Math.max(clock.now(), memory.newestMs); // the log's time never runs back with the system's clock
    const placed: { stored: StoredRow; draft: Draft; own: boolean }[] = [];
    const place = (draft: Draft, own: boolean): void => {
      const end = ends.get(draft.session) ?? memory.session(draft.session);
      const stored = this.#hashed(draft, memory.size + placed.length + 1, end, draft.tsMs ?? now);
      ends.set(draft.session, { nextSeq: end.nextSeq + 1, lastHash: stored.hash });
      placed.push({ stored, draft, own });
    };
    for (const draft of drafts) {
      const missing = this.#identities.unannounced(draft.session);
      if (missing !== undefined && !announced.has(missing.conversation)) place(announcement(missing), false);
      const named = draft.kind === "conversation_seen" ? draft.payload.json["conversation"] : undefined;
      if (missing !== undefined) announced.add(missing.conversation);
      if (typeof named === "string") announced.add(named);
      place(draft, true);
    }
    return placed;
  }

  #hashed(
    draft: Draft,
    id: number,
    end: { readonly nextSeq: number; readonly lastHash: Uint8Array },
    tsMs: number,
  ): StoredRow {
    const { crypto, random } = this.#options;
    const payloadHash = crypto.sha256(draft.payload.text);
    const content = draft.content?.text;
    const salt = content === undefined ? null : random.bytes(SALT_BYTES);
    const contentHash = content === undefined ? null : this.#hasher.content(salt, content);
    const place = { session: draft.session, seq: end.nextSeq, tsMs, kind: draft.kind, trust: draft.trust };
    const hash = this.#hasher.row({ ...place, payloadHash, contentHash, prevHash: end.lastHash });
    return {
      ...place,
      id,
      payload: draft.payload.text,
      payloadHash,
      content: content ?? null,
      salt,
      contentHash,
      prevHash: end.lastHash,
      hash,
    };
  }
}

function announcement(payload: { readonly conversation: string; readonly instance: string }): Draft {
  return draftOf({ session: LOG_LANE, kind: "conversation_seen", trust: "system", payload: { ...payload } });
}

function publicRow(stored: StoredRow, draft: Draft): Row {
  return {
    id: stored.id,
    session: draft.session,
    seq: stored.seq,
    tsMs: stored.tsMs,
    kind: draft.kind,
    trust: draft.trust,
    payload: draft.payload.json,
    content: draft.content?.json,
    hash: toHex(stored.hash),
  };
}
