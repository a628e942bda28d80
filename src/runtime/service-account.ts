/**
 * A Google service account's key file, and the assertion that it signs to be given an access token (RFC 7523,
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest).
 */
import { createPrivateKey, sign } from "node:crypto";

const LIFE_S = 3_600;
const EMAIL = /^[\w.-]{1,128}@[\w.-]{1,128}\.gserviceaccount\.com$/;
const PEM = /^-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]{100,10000}-----END PRIVATE KEY-----\s*$/;

interface ServiceAccount {
  readonly email: string;
  readonly keyId: string;
  readonly pem: string;
}

/** The account's address; empty when the text is no key file of a service account. */
export function serviceAccountEmail(file: string): string {
  return accountIn(file)?.email ?? "";
}

/**
 * A signed assertion for `scope` at `audience`, good for an hour. `undefined` when the file is none, or its key is.
 * @param nowS Unix seconds
 */
export function serviceAccountAssertion(
  file: string,
  { scope, audience, nowS }: { readonly scope: string; readonly audience: string; readonly nowS: number },
): string | undefined {
  const account = accountIn(file);
  if (account === undefined) return undefined;
  const claims = { iss: account.email, scope, aud: audience, iat: nowS, exp: nowS + LIFE_S };
  const text = `${encoded({ alg: "RS256", typ: "JWT", kid: account.keyId })}.${encoded(claims)}`;
  try {
    const signature = sign("sha256", new TextEncoder().encode(text), createPrivateKey(account.pem));
    return `${text}.${base64url(signature)}`;
  } catch {
    return undefined; // a damaged key
  }
}

function accountIn(file: string): ServiceAccount | undefined {
  let value: unknown;
  try {
    value = JSON.parse(file);
  } catch {
    return undefined;
  }
  const members = new Map<string, unknown>(
    Object.entries(typeof value === "object" && value !== null ? value : {}),
  );
  const [email, keyId, pem] = ["client_email", "private_key_id", "private_key"].map((name) =>
    members.get(name),
  );
  if (members.get("type") !== "service_account" || typeof email !== "string" || !EMAIL.test(email))
    return undefined;
  if (typeof pem !== "string" || !PEM.test(pem)) return undefined;
  return { email, keyId: typeof keyId === "string" ? keyId : "", pem };
}

function encoded(value: object): string {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
