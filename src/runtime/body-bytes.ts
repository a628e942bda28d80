/** Reads a request's body up to a bound in bytes and in time, for every server of this program. */
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "./clock.ts";

export interface BodyBounds {
  readonly bytesMax: number;
  /** Milliseconds from the first look at the body to its last byte. */
  readonly msMax: number;
  readonly clock: Clock;
}

/** `cut`: the peer went away before its last byte. */
export type BodyBytesRefusal = "too_large" | "cut" | "slow";

/** Reads the whole body; what is longer or comes slower than its bounds is left unread (`too_large`, `slow`). */
export async function readBodyBytes(
  request: Request,
  bounds: BodyBounds,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyBytesRefusal>> {
  const { bytesMax, msMax, clock } = bounds;
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > bytesMax) return err("too_large");
  if (request.body === null) return ok(new Uint8Array(0));
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
      if (step.done) return ok(joined(pieces, bytes));
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

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
