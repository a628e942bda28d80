/**
 * A credential that tools may use without seeing it: the header that it goes into where a request leaves this program.
 * In the vault header, prefix and secret are one sealed value, each part ended by a NUL but the last; the one origin
 * that it may be sent to is the entry's (docs/formats/vault.md).
 */
import { type Result, err, ok } from "./result.ts";
import { SecretBytes } from "./secret.ts";

/** The vault scope of such credentials, and the kind of its entries. */
export const TOOL_SCOPE = "tool";
export const TOOL_KIND = "header";

/** Where the secret goes. */
export interface HeaderPlace {
  /** Lower case. */
  readonly header: string;
  /** Stands before the secret: `Bearer `. */
  readonly prefix: string;
}

/** A credential that an action names, and where it goes. */
export interface CredentialUse {
  readonly name: string;
  /** `scheme://host:port` */
  readonly origin: string;
}

/** Headers that say where a request goes, how long it is or how its answer is packed are no place for a secret. */
const RESERVED =
  /^(host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|accept-encoding|(proxy|sec)-.*)$/;

/** True where a secret can stand: a line end in either part would begin another header, or another request. */
export function isHeaderPlace({ header, prefix }: HeaderPlace): boolean {
  const isName = /^[a-z][a-z0-9-]{0,63}$/.test(header) && !RESERVED.test(header);
  return isName && /^[\x20-\x7e]{0,64}$/.test(prefix);
}

/** True for what can be sent as a header's value. */
export function isHeaderSecret(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.length <= 8_192 && bytes.every((byte) => byte > 0x20 && byte < 0x7f);
}

/** The sealed value. `secret` stays the caller's. */
export function sealedHeader({ header, prefix }: HeaderPlace, secret: SecretBytes): SecretBytes {
  const head = new TextEncoder().encode(`${header}\0${prefix}\0`);
  return secret.use((bytes) => {
    const whole = new Uint8Array(head.length + bytes.length);
    whole.set(head);
    whole.set(bytes, head.length);
    return SecretBytes.take(whole);
  });
}

/** Takes a sealed value apart; it stays the caller's. Fails with `malformed` for what nothing of ours sealed. */
export function openedHeader(
  value: SecretBytes,
): Result<{ readonly place: HeaderPlace; readonly secret: SecretBytes }, "malformed"> {
  return value.use((bytes) => {
    const first = bytes.indexOf(0);
    const second = bytes.indexOf(0, first + 1);
    if (first < 0 || second < 0) return err("malformed");
    const text = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
    const place = { header: text(0, first), prefix: text(first + 1, second) };
    const secret = bytes.subarray(second + 1);
    if (!isHeaderPlace(place) || !isHeaderSecret(secret)) return err("malformed");
    return ok({ place, secret: SecretBytes.take(secret.slice()) });
  });
}
