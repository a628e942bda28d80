/**
 * Judges the signed tokens by which a platform proves that a webhook's request is its own: RS256 alone (RFC 7515,
 * RFC 7518 section 3.3), keys from the platform's published set (RFC 7517), claims as RFC 7519 reads them.
 */
import { type KeyObject, createPublicKey, verify } from "node:crypto";
import type { Clock } from "#runtime/clock.ts";
import { jsonCall } from "./json-call.ts";
import { type Wild, numberIn, objectOf, objectsIn, textIn } from "./json-fields.ts";
import type { PlatformFetch } from "./platform-fetch.ts";

const TOKEN_CHARS_MAX = 8_192;
const KEYS_MAX = 64;
const KEYS_MS_MAX = 10_000;
/** Keys are read again this often, so that one that was withdrawn ends. */
const KEYS_KEPT_MS = 6 * 3_600_000;
/** A key nobody knows may be a new one, or made up by a stranger: it costs one look a minute. */
const UNKNOWN_KEY_MS = 60_000;
/** Clocks differ. */
const SKEW_S = 300;
const SHAPE = /^([\w-]{1,2048})\.([\w-]{1,6144})\.([\w-]{1,2048})$/;

export interface TokenRules {
  /** Where the platform's keys are. */
  readonly keysUrl: string;
  /** Who may have signed. */
  readonly issuers: readonly string[];
  /** Whom the token must be for. */
  readonly audience: string;
}

export interface TokenJudge {
  /** The claims of a token that is good now; `undefined` for every other. */
  claimsOf(token: string): Promise<Wild | undefined>;
}

/** Builds a judge. Keys are fetched when the first token comes. */
export function tokenJudge(
  rules: TokenRules,
  ports: { readonly fetch: PlatformFetch; readonly clock: Clock },
): TokenJudge {
  const { clock } = ports;
  let keys = new Map<string, KeyObject>();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    readAt = clock.monotonic(); // also of a reading that fails: a stranger's tokens must not hammer the platform
    const found = await fetchKeys(rules.keysUrl, ports);
    if (found !== undefined) keys = found;
  };
  const keyOf = async (kid: string): Promise<KeyObject | undefined> => {
    const age = clock.monotonic() - readAt;
    if (age > (keys.has(kid) ? KEYS_KEPT_MS : UNKNOWN_KEY_MS)) {
      reading ??= read().finally(() => {
        reading = undefined;
      });
    }
    if (reading !== undefined) await reading;
    return keys.get(kid);
  };
  return {
    claimsOf: async (token) => {
      const [, head = "", body = "", signature = ""] =
        token.length > TOKEN_CHARS_MAX ? [] : (SHAPE.exec(token) ?? []);
      const header = partOf(head);
      const claims = partOf(body);
      if (header === undefined || claims === undefined || textIn(header, "alg") !== "RS256") return undefined;
      if (!areDue(claims, rules, Math.floor(clock.now() / 1_000))) return undefined; // costs less than a key
      const key = await keyOf(textIn(header, "kid"));
      const bytes = bytesOf(signature);
      if (key === undefined || bytes === undefined) return undefined;
      const signed = new TextEncoder().encode(`${head}.${body}`);
      return verify("sha256", signed, key, bytes) ? claims : undefined; // RSASSA-PKCS1-v1_5
    },
  };
}

/** The token of an `Authorization: Bearer` header; empty where there is none of its shape. */
export function bearerIn(headers: Headers): string {
  const [, token = ""] = /^Bearer ([\w.-]{1,8192})$/i.exec(headers.get("authorization") ?? "") ?? [];
  return SHAPE.test(token) ? token : "";
}

function areDue(claims: Wild, { issuers, audience }: TokenRules, nowS: number): boolean {
  const { aud } = claims;
  const isForUs = Array.isArray(aud) ? aud.includes(audience) : aud === audience;
  const isDue = numberIn(claims, "exp") + SKEW_S > nowS && numberIn(claims, "nbf") - SKEW_S < nowS;
  return (
    isForUs && isDue && issuers.includes(textIn(claims, "iss")) && numberIn(claims, "iat") - SKEW_S < nowS
  );
}

async function fetchKeys(
  url: string,
  ports: { readonly fetch: PlatformFetch; readonly clock: Clock },
): Promise<Map<string, KeyObject> | undefined> {
  const answer = await jsonCall(ports, { method: "GET", url, headers: {}, msMax: KEYS_MS_MAX });
  if (!answer.ok || answer.value.status !== 200) return undefined;
  const found = new Map<string, KeyObject>();
  for (const jwk of objectsIn(objectOf(answer.value.value), "keys").slice(0, KEYS_MAX)) {
    const [kid, n, e] = [textIn(jwk, "kid"), textIn(jwk, "n"), textIn(jwk, "e")];
    if (kid === "" || textIn(jwk, "kty") !== "RSA") continue;
    const key = rsaKey(n, e);
    if (key !== undefined) found.set(kid, key);
  }
  return found.size === 0 ? undefined : found;
}

/** One key that is none must not hide the others. */
function rsaKey(n: string, e: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: "RSA", n, e }, format: "jwk" });
  } catch {
    return undefined;
  }
}

function partOf(text: string): Wild | undefined {
  const bytes = bytesOf(text);
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? objectOf(value) : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return undefined;
  }
}
