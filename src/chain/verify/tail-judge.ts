/**
 * What may wait for its signature: at most the rows of turns that have not ended, 1,000 of them, 5 minutes
 * old.
 */
import { LIMITS } from "#contracts/limits.ts";
import type { OpenRow } from "./open-rows.ts";
import type { RawRow } from "./raw-row.ts";
import type { Problems } from "./report.ts";
import type { SessionWalk } from "./session-chains.ts";

export class TailJudge {
  /** Rows after the last checkpoint that are neither head nor checkpoint. */
  #count = 0;
  #first: OpenRow | undefined;

  row({ session, seq, id, kind, tsMs }: RawRow): void {
    if (kind === "chain_head" || kind === "checkpoint") return;
    this.#first ??= { session, seq, id, tsMs };
    this.#count += 1;
  }

  checkpoint(): void {
    this.#first = undefined;
    this.#count = 0;
  }

  /** `ended`: the log ends with an orderly stop, after which nothing may wait. */
  finish(
    walks: ReadonlyMap<string, SessionWalk>,
    end: { readonly newestMs: number; readonly ended: boolean },
    problems: Problems,
  ): void {
    const tooMany = openRows(walks) > LIMITS.uncovered_rows_max;
    for (const [session, { open, inTurn }] of walks) {
      const first = open.first(session);
      if (first === undefined) continue;
      const lane = session.startsWith("_");
      const old = end.newestMs - first.tsMs > LIMITS.uncovered_ms_max;
      const waits = lane ? !end.ended : inTurn;
      if (!tooMany && !old && waits) continue;
      const why =
        tooMany || old ? "too many or too old" : lane ? "after an orderly stop" : "of no running turn";
      problems.add(first, "unsigned_tail", `${open.count} rows without a head, ${why}`);
    }
    const first = this.#first;
    if (first === undefined) return;
    const count = this.#count;
    const old = end.newestMs - first.tsMs > LIMITS.uncovered_ms_max;
    if (count <= LIMITS.uncovered_rows_max && !old) return;
    problems.add(first, "unsigned_tail", `${count} rows without a checkpoint, too many or too old`);
  }
}

/** Rows that no head of their session covers, heads and checkpoints apart. */
export function openRows(walks: ReadonlyMap<string, SessionWalk>): number {
  let count = 0;
  for (const { open } of walks.values()) count += open.count;
  return count;
}
