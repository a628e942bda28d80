/**
 * The lines of a running command on their way to whoever may see its conversation (docs/formats/pages.md, "Stream").
 * They go to the hub alone and into no row: the result row holds the output. Bounded in what is kept and in how often
 * it is told, so a command that prints without end costs a page no more than one that prints a little.
 */
import { LIMITS } from "#contracts/limits.ts";
import { visible } from "#contracts/visible.ts";
import type { Clock } from "#runtime/clock.ts";

/** The output of one call while it runs. */
export interface CallOutput {
  /** Takes the next line, without its end. */
  line(text: string): void;
  /** Tells what is left; nothing is told afterwards. */
  end(): void;
}

/** What is told at once: the newest lines, hidden characters visible, and how many before them were left out. */
export type TellLines = (lines: readonly string[], skipped: number) => void;

/** Gathers lines and tells them at most every `LIMITS.live_output_ms`. */
export function liveOutput(clock: Clock, tell: TellLines): CallOutput {
  let lines: string[] = [];
  let skipped = 0;
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel = undefined;
    if (lines.length === 0) return;
    const shown = lines.map((line) => visible(line).toWellFormed());
    const left = skipped;
    lines = [];
    skipped = 0;
    tell(shown, left);
  };
  return {
    line: (text) => {
      lines.push(text.slice(0, LIMITS.live_line_chars_max));
      if (lines.length > LIMITS.live_lines_max) {
        lines.shift();
        skipped += 1;
      }
      cancel ??= clock.after(LIMITS.live_output_ms, flush);
    },
    end: () => {
      cancel?.();
      flush();
    },
  };
}
