/**
 * A ring of events as NDJSON over HTTP: `{seq, event}`, `{seq, reset: true}`, and `{seq, beat: true}` in the
 * silence.
 */
import { LIMITS } from "#contracts/limits.ts";
import type { Clock } from "#runtime/clock.ts";
import type { EventRing } from "./event-ring.ts";

const EVENTS_A_WRITE = 64;

export interface StreamOptions {
  readonly ring: EventRing;
  /** The last number the page has seen; 0 for none. */
  readonly after: number;
  readonly clock: Clock;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The stream's bytes. Pulled by the reader: nothing is buffered beyond one write. */
export function ndjson(options: StreamOptions): ReadableStream<Uint8Array> {
  const { ring, clock, signal } = options;
  const encoder = new TextEncoder();
  let seq = options.after;
  const next = async (): Promise<string | undefined> => {
    while (!signal.aborted) {
      const changed = ring.changed();
      const read = ring.read(seq, EVENTS_A_WRITE);
      if (read.kind === "gap") {
        seq = read.newest;
        return `{"seq":${seq},"reset":true}\n`;
      }
      if (read.events.length > 0) {
        seq = read.events.at(-1)?.seq ?? seq;
        return read.events.map((event) => `{"seq":${event.seq},"event":${event.json}}\n`).join("");
      }
      if (!(await within(changed, clock, signal)))
        return signal.aborted ? undefined : `{"seq":${seq},"beat":true}\n`;
    }
    return undefined;
  };
  let begun = false;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      // The first line leaves at once: a page that is told nothing cannot tell an open stream from a dead
      // process.
      const line = begun || ring.read(seq, 1).kind === "gap" ? await next() : `{"seq":${seq},"beat":true}\n`;
      begun = true;
      if (line === undefined) controller.close();
      else controller.enqueue(encoder.encode(line));
    },
  });
}

/** True when `changed` resolved before a heartbeat was due and before the signal. */
function within(changed: Promise<void>, clock: Clock, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (value: boolean): void => {
      cancel();
      signal.removeEventListener("abort", stop);
      resolve(value);
    };
    const stop = (): void => end(false);
    const cancel = clock.after(LIMITS.heartbeat_ms, stop);
    signal.addEventListener("abort", stop, { once: true });
    void changed.then(() => end(true));
  });
}
