/** Keys in force by holder, as verification walks the log (docs/formats/audit.md, "Keys"). */
import { equalBytes, toHex } from "../bytes.ts";
import type { Crypto } from "../crypto.ts";
import { ZERO_32, keyMessage } from "../messages.ts";
import type { KeyPayload } from "./fields.ts";

interface KeyEntry {
  readonly key: Uint8Array;
  readonly id: number;
  readonly seq: number;
}

/** The rows that bring the log key in are the log's beginning: they have force wherever they were found. */
const ORIGIN_IDS = 2;

export class KeyRing {
  readonly #crypto: Crypto;
  readonly #entries = new Map<string, KeyEntry[]>();
  #logId: Uint8Array = new Uint8Array(16);
  #logKey: Uint8Array | undefined;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /** Takes log id and log key from row 1. */
  begin(logId: Uint8Array, logKey: Uint8Array): void {
    this.#logId = logId;
    this.#logKey = logKey;
  }

  /** The holder's key in force. The log key counts from row 1. */
  inForce(holder: string): Uint8Array | undefined {
    return this.#entries.get(holder)?.at(-1)?.key ?? (holder === "log" ? this.#logKey : undefined);
  }

  /** Brings a key in; false when it does not continue the one before, or its signature is not that one's. */
  add(payload: KeyPayload, id: number, seq: number): boolean {
    const entries = this.#entries.get(payload.holder) ?? [];
    const before = entries.at(-1)?.key;
    const isLog = payload.holder === "log";
    if (!equalBytes(payload.prevKey, before ?? ZERO_32)) return false;
    if (isLog && before === undefined && !equalBytes(payload.key, this.#logKey ?? ZERO_32)) return false;
    const voucher = before ?? this.inForce("log");
    const message = keyMessage(this.#logId, payload.holder, payload.key, payload.prevKey);
    if (voucher === undefined || !this.#crypto.verify(voucher, message, payload.signature)) return false;
    this.#entries.set(payload.holder, [...entries, { key: payload.key, id, seq }]);
    return true;
  }

  /** Takes back keys whose rows were found unattested at a start. */
  revoke(seqStart: number, seqEnd: number, attestedId: number): void {
    for (const [holder, entries] of this.#entries) {
      const kept = entries.filter(
        ({ id, seq }) => id <= ORIGIN_IDS || id <= attestedId || seq < seqStart || seq > seqEnd,
      );
      if (kept.length === entries.length) continue;
      if (kept.length === 0) this.#entries.delete(holder);
      else this.#entries.set(holder, kept);
    }
  }

  /** True when `key` is or was a key of the holder. */
  has(holder: string, key: string): boolean {
    return this.list().some((entry) => entry.holder === holder && entry.key === key);
  }

  /** Every key with its holder, oldest first. */
  list(): { holder: string; key: string }[] {
    const listed = [...this.#entries].flatMap(([holder, entries]) =>
      entries.map(({ key }) => ({ holder, key: toHex(key) })),
    );
    return listed;
  }
}
