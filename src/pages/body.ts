/** A page's request as UTF-8 text that survives the way back to bytes. */
import { type Result, err, ok } from "#contracts/result.ts";
import { type BodyBounds, type BodyBytesRefusal, readBodyBytes } from "#runtime/body-bytes.ts";

export type BodyRefusal = BodyBytesRefusal | "not_text";

/**
 * Reads the whole body within its bounds.
 * `not_text`: not UTF-8, or with a byte order mark; then the text would not hash to what the page signed.
 */
export async function readBody(request: Request, bounds: BodyBounds): Promise<Result<string, BodyRefusal>> {
  const bytes = await readBodyBytes(request, bounds);
  if (!bytes.ok) return bytes;
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.value));
  } catch {
    return err("not_text"); // the fatal decoder throws for exactly one reason
  }
}
