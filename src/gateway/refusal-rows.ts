/** Refused handshakes as rows, at most ten a minute for each reason, then one with the count of the rest. */
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Refusal } from "#ipc/gateway-session.ts";
import type { Clock } from "#runtime/clock.ts";

const MINUTE_MS = 60_000;

export class RefusalRows {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #minutes = new Map<string, { written: number; more: number }>();

  constructor(journal: Journal, clock: Clock, onError: (error: unknown) => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Writes the row, or counts it. */
  note({ reason, peerId }: Refusal): void {
    let minute = this.#minutes.get(reason);
    if (minute === undefined) {
      minute = { written: 0, more: 0 };
      this.#minutes.set(reason, minute);
      this.#clock.after(MINUTE_MS, () => this.#endMinute(reason));
    }
    if (minute.written < LIMITS.refusals_logged_per_minute_max) {
      minute.written += 1;
      this.#write({ reason, peer: peerId ?? "" });
    } else {
      minute.more += 1;
    }
  }

  #endMinute(reason: string): void {
    const more = this.#minutes.get(reason)?.more ?? 0;
    this.#minutes.delete(reason);
    if (more > 0) this.#write({ reason, count: more });
  }

  #write(payload: { readonly [key: string]: string | number }): void {
    this.#journal
      .append([{ session: GATEWAY_LANE, kind: "handshake_refused", trust: "external", payload }])
      .catch(this.#onError);
  }
}
