/** Keys in force by holder, as the log says, and the `key_continuity` rows that bring new ones in. */
import type { NewRow } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { LOG_LANE } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import { fromHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import type { SignedKey } from "#chain/head-signer.ts";
import { ZERO_32, keyMessage } from "#chain/messages.ts";

export class KeyBook {
  readonly #crypto: Crypto;
  readonly #logId: Uint8Array;
  readonly #keys = new Map<string, string[]>();

  constructor(crypto: Crypto, logId: Uint8Array) {
    this.#crypto = crypto;
    this.#logId = logId;
  }

  /** The holder's key in force, hex. */
  inForce(holder: string): string | undefined {
    return this.#keys.get(holder)?.at(-1);
  }

  /** All keys of every holder, oldest first. */
  all(): ReadonlyMap<string, readonly string[]> {
    return this.#keys;
  }

  /** True when the statement continues the holder's key in force, or begins it under the log key in force. */
  continues(holder: string, statement: SignedKey): boolean {
    const before = this.inForce(holder);
    const key = fromHex(statement.key, 32);
    const prevKey = fromHex(statement.prevKey, 32);
    const signature = fromHex(statement.signature, 64);
    if (key === undefined || prevKey === undefined || signature === undefined) return false;
    const first = before === undefined;
    if (statement.prevKey !== (first ? ZERO_32.toHex() : before)) return false;
    const logKey = holder === "log" && first ? statement.key : this.inForce("log");
    const voucher = fromHex(first ? logKey : before, 32);
    return (
      voucher !== undefined &&
      this.#crypto.verify(voucher, keyMessage(this.#logId, holder, key, prevKey), signature)
    );
  }

  /** Forgets every key, before they are read again. */
  clear(): void {
    this.#keys.clear();
  }

  /** Notes a key whose row is on the disk. */
  add(holder: string, key: string): void {
    this.#keys.set(holder, [...(this.#keys.get(holder) ?? []), key]);
  }

  /**
   * The row that brings the statement's key in; `undefined` when that key is in force already.
   * Fails when the statement does not continue the log's keys: the signer holds keys of another log.
   */
  rowFor(holder: string, statement: SignedKey): Result<NewRow | undefined, Fault> {
    if (this.inForce(holder) === statement.key) return ok(undefined);
    if (!this.continues(holder, statement)) {
      return fail("refused", "the signer's key does not continue the log's", { reason: "key_break" });
    }
    return ok(keyRow(holder, statement));
  }
}

/** The `key_continuity` row of a statement. */
export function keyRow(holder: string, statement: SignedKey): NewRow {
  const { key, prevKey, signature } = statement;
  const payload = { holder, key, prev_key: prevKey, signature };
  return { session: LOG_LANE, kind: "key_continuity", trust: "system", payload };
}
