/**
 * The word by which a webhook shows a platform that the address is ours (Meta's "verify token"). Made from the secret
 * that signs the platform's events, so that nobody has to invent and keep one more; it tells nothing of that secret.
 */
import { createHmac } from "node:crypto";

/** 32 hex digits that belong to `secret`. */
export function webhookWord(secret: string): string {
  return createHmac("sha256", secret).update("wirken webhook word v1").digest("hex").slice(0, 32);
}
