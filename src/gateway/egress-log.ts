/**
 * The `egress` rows of one call. A verdict that was not given yet is on record before anything leaves; the
 * same one again is counted, and the count is a row at the call's end: a command that asks a thousand times
 * fills no record. After so many different ones nothing more goes out.
 */
import type { EgressVerdict } from "#broker/broker.ts";
import type { NewRow } from "#contracts/audit-event.ts";
import type { CallId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { LIMITS } from "#contracts/limits.ts";
import { egressRow } from "./egress-rows.ts";
import type { TurnFacts } from "./turn-facts.ts";

export class EgressLog {
  readonly #append: (row: NewRow) => Promise<unknown>;
  readonly #rowOf: (seen: EgressVerdict) => NewRow;
  readonly #seen = new Map<
    string,
    { readonly verdict: EgressVerdict; readonly written: Promise<unknown>; more: number }
  >();

  constructor(append: (row: NewRow) => Promise<unknown>, rowOf: (seen: EgressVerdict) => NewRow) {
    this.#append = append;
    this.#rowOf = rowOf;
  }

  /** The rows of one call in a turn. */
  static of(journal: Pick<Journal, "append">, facts: TurnFacts, call: CallId): EgressLog {
    return new EgressLog(
      (row) => journal.append([row]),
      (seen) => egressRow(facts, call, seen),
    );
  }

  /**
   * Resolves once the verdict is on record. Rejects when it cannot be, or when there were too many: nothing
   * goes out.
   */
  async note(verdict: EgressVerdict): Promise<void> {
    const key = JSON.stringify(Object.entries(verdict).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#seen.get(key);
    if (known !== undefined) {
      known.more += 1;
      await known.written;
      return;
    }
    if (this.#seen.size >= LIMITS.egress_verdicts_max)
      throw new Error("egress: too many different requests of one call");
    const written = this.#append(this.#rowOf(verdict));
    this.#seen.set(key, { verdict, written, more: 0 });
    await written;
  }

  /** Writes how often each verdict was given beside the first time. */
  async end(): Promise<void> {
    for (const { verdict, more } of this.#seen.values()) {
      if (more === 0) continue;
      const row = this.#rowOf(verdict);
      await this.#append({ ...row, payload: { ...row.payload, more } });
    }
  }
}
