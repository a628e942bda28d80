/** Refused handshakes as rows, a few a minute for each reason. */
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Refusal } from "#ipc/gateway-session.ts";
import type { Clock } from "#runtime/clock.ts";
import { CountedRows } from "./counted-rows.ts";

export class RefusalRows {
  readonly #rows: CountedRows;

  constructor(journal: Journal, clock: Clock, onError: (error: unknown) => void) {
    this.#rows = new CountedRows({ journal, clock, onError }, LIMITS.refusals_logged_per_minute_max);
  }

  /** Writes the row, or counts it. */
  note({ reason, peerId }: Refusal): void {
    const row = { session: GATEWAY_LANE, kind: "handshake_refused", trust: "external" } as const;
    void this.#rows.note(reason, (count) => ({
      ...row,
      payload: count === undefined ? { reason, peer: peerId ?? "" } : { reason, count },
    }));
  }
}
