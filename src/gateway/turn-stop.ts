/** Why a turn ends before its end: carried by its signal, kept in its rows, shown on the card that waited. */
import type { Stop } from "#contracts/approval.ts";

/** The reason of a stopped turn's signal. */
export class TurnStopped extends Error {
  readonly stop: Stop;
  constructor(stop: Stop) {
    super(`the turn was stopped by ${stop.by}`);
    this.name = "TurnStopped";
    this.stop = stop;
  }
}

/** Who aborted a turn's signal. Whatever is no `TurnStopped` is the program's own. */
export function stopOf(signal: AbortSignal): Stop {
  return signal.reason instanceof TurnStopped ? signal.reason.stop : { by: "shutdown" };
}

/** A stop as rows keep it: `by` is a person's id or the word for what stopped the turn. */
export function stopFields(stop: Stop): { readonly by: string; readonly surface: string } {
  return stop.by === "person" ? { by: stop.person, surface: stop.surface } : { by: stop.by, surface: "" };
}
