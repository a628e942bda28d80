/** Reads a request's body up to a bound, as UTF-8 text that survives the way back to bytes. */
import { type Result, err, ok } from "#contracts/result.ts";

export type BodyRefusal = "too_large" | "not_text" | "cut";

/**
 * Reads the whole body, at most `bytesMax` bytes; a longer one is left unread.
 * `not_text`: not UTF-8, or with a byte order mark; then the text would not hash to what the page signed.
 */
export async function readBody(request: Request, bytesMax: number): Promise<Result<string, BodyRefusal>> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > bytesMax) return err("too_large");
  if (request.body === null) return ok("");
  const reader = request.body.getReader();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const step = await reader.read().catch(() => undefined); // a peer that goes away is a value here: `cut`
    if (step === undefined) return err("cut");
    if (step.done) break;
    bytes += step.value.length;
    if (bytes > bytesMax) {
      await reader.cancel().catch(() => undefined); // we leave the stream; how it ends is of no interest
      return err("too_large");
    }
    pieces.push(step.value);
  }
  return decode(pieces, bytes);
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
