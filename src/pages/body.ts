/** Reads a request's body up to a bound in bytes and in time, as UTF-8 text that survives the way back to bytes. */
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";

export type BodyRefusal = "too_large" | "not_text" | "cut" | "slow";

export interface BodyBounds {
  readonly bytesMax: number;
  /** Milliseconds from the first look at the body to its last byte. */
  readonly msMax: number;
  readonly clock: Clock;
}

/**
 * Reads the whole body; what is longer or comes slower than its bounds is left unread (`too_large`, `slow`).
 * `not_text`: not UTF-8, or with a byte order mark; then the text would not hash to what the page signed.
 */
export async function readBody(request: Request, bounds: BodyBounds): Promise<Result<string, BodyRefusal>> {
  const { bytesMax, msMax, clock } = bounds;
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > bytesMax) return err("too_large");
  if (request.body === null) return ok("");
  const reader = request.body.getReader();
  let late = false;
  // How a stream that we leave ends is its own affair.
  const giveUp = (): Promise<void> => reader.cancel().catch(() => undefined);
  const untimed = clock.after(msMax, () => {
    late = true;
    void giveUp();
  });
  try {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const step = await reader.read().catch(() => undefined); // a peer that goes away is a value here: `cut`
      if (late) return err("slow");
      if (step === undefined) return err("cut");
      if (step.done) return decode(pieces, bytes);
      bytes += step.value.length;
      if (bytes > bytesMax) {
        await giveUp();
        return err("too_large");
      }
      pieces.push(step.value);
    }
  } finally {
    untimed();
  }
}

function decode(pieces: readonly Uint8Array[], bytes: number): Result<string, "not_text"> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole));
  } catch {
    return err("not_text"); // the fatal decoder throws for exactly one reason
  }
}
