/** After `stopped` only its head, the log's head and one checkpoint follow, until the next run begins. */
import type { RawRow } from "./raw-row.ts";
import type { Place, Problems } from "./report.ts";

const FOLLOWERS_MAX = 3;

export class StopJudge {
  #stopped: { followers: number; strays: Place[]; accepted: boolean } | undefined;
  /** The `started` row of a run that no checkpoint has attested yet, when a `stopped` stood before it. */
  #begun: Place | undefined;

  /** True when the log ends in order: nothing may be left unsigned. */
  get ended(): boolean {
    return this.#stopped !== undefined;
  }

  row(row: RawRow): void {
    if (row.kind === "stopped" && row.session === "_gateway") {
      this.#stopped = { followers: 0, strays: [...(this.#stopped?.strays ?? [])], accepted: false };
      return;
    }
    const stopped = this.#stopped;
    if (stopped === undefined) return;
    if (row.kind === "started" && row.session === "_gateway" && stopped.strays.length === 0) {
      this.#begun = placeOf(row);
      this.#stopped = undefined;
      return;
    }
    stopped.followers += 1;
    if (row.kind === "accepted" && row.session === "_log") stopped.accepted = true;
    const signature = row.kind === "chain_head" || row.kind === "checkpoint";
    if (!signature || stopped.followers > FOLLOWERS_MAX) stopped.strays.push(placeOf(row));
  }

  /** A valid checkpoint attests the run that has begun, and the strays that an operator accepted. */
  attested(): void {
    this.#begun = undefined;
    if (this.#stopped?.accepted === true) this.#stopped = undefined;
  }

  finish(problems: Problems): void {
    for (const place of this.#stopped?.strays ?? []) {
      problems.add(place, "unsigned_tail", "stands after the log's last `stopped` row");
    }
    if (this.#begun !== undefined) {
      problems.add(this.#begun, "unsigned_tail", "a run after `stopped` that no checkpoint attests");
    }
  }
}

function placeOf({ session, seq, id }: RawRow): Place {
  return { session, seq, id };
}
