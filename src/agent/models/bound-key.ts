/**
 * A provider's key and the origins it may be sent to. The text of the key exists inside one callback only.
 */
import type { SecretString } from "#contracts/secret.ts";

export interface BoundKey {
  readonly secret: SecretString;
  /** Origins as `URL.origin` gives them: `https://api.example.com`, never with a path. */
  readonly allowedOrigins: readonly string[];
  /** The header that carries it. */
  readonly header: "authorization" | "x-api-key";
}

/** True when the key may go where `url` leads. */
export function mayReceive(key: BoundKey, url: string): boolean {
  return URL.canParse(url) && key.allowedOrigins.includes(new URL(url).origin);
}

/**
 * Lends the headers that carry the key to `fn`; no key, no header.
 * @throws Error when the key is not bound to the origin of `url`: whoever built the model had to check
 */
export function withKey<T>(
  key: BoundKey | undefined,
  url: string,
  fn: (headers: Record<string, string>) => T,
): T {
  if (key === undefined) return fn({});
  if (!mayReceive(key, url)) throw new Error("a key was about to leave for an origin it is not bound to");
  return key.secret.use((text) =>
    fn(key.header === "authorization" ? { authorization: `Bearer ${text}` } : { "x-api-key": text }),
  );
}
