/**
 * Checks on what arrives at a webhook, each in constant time: signatures over the raw bytes, and shared words.
 * HMAC-SHA-256: RFC 2104, FIPS 180-4.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { SecretString } from "#contracts/secret.ts";
import { webhookWord } from "#runtime/webhook-word.ts";

const HEX_64 = /^[0-9a-f]{64}$/i;

/**
 * True when `hex` is the HMAC-SHA-256 of `body` under `key`.
 * @param body the bytes as they came: text that was decoded and encoded again may have others
 */
export function isSigned(key: SecretString, body: Uint8Array, hex: string): boolean {
  if (!HEX_64.test(hex)) return false; // its shape is no secret
  const due = key.use((text) => createHmac("sha256", text).update(body).digest());
  return timingSafeEqual(due, Uint8Array.fromHex(hex));
}

/** True for equal texts; takes as long for others of any length. */
export function isSameWord(expected: string, given: string): boolean {
  return timingSafeEqual(hashOf(expected), hashOf(given));
}

/**
 * Answers the question whether the address is ours, as Meta asks it and `wirken channel doctor` does
 * (https://developers.facebook.com/docs/graph-api/webhooks/getting-started): the challenge for the word that belongs to
 * `key` (src/runtime/webhook-word.ts), `undefined` for anything else.
 */
export function challengeOf(key: SecretString): (query: URLSearchParams) => string | undefined {
  const word = key.use(webhookWord);
  return (query) => {
    const challenge = query.get("hub.challenge") ?? "";
    const asks = query.get("hub.mode") === "subscribe" && /^[\w-]{1,128}$/.test(challenge);
    return asks && isSameWord(word, query.get("hub.verify_token") ?? "") ? challenge : undefined;
  };
}

/** A key for the memory of what was taken: lower-case hex SHA-256. */
export function fingerprint(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
