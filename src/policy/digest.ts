/**
 * The bytes an approval is bound to (docs: policy): `H("wirken/approval/v1"0 ‖ lp(JCS(action)) ‖
 * lp(session) ‖ lp(agent) ‖ lp(asker) ‖ i64 expires_ms ‖ nonce(16))`. The performer makes them again from
 * what it is about to do; one changed leaf is another digest.
 */
import type { Action } from "#contracts/action.ts";
import { type Json, jcs } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";

/** Deeper values are refused before anything recurses into them. */
const DEPTH_MAX = 64;
const TAG = new TextEncoder().encode("wirken/approval/v1\0");

export interface ApprovalFields {
  readonly action: Action;
  readonly session: string;
  readonly agent: string;
  readonly asker: string;
  /** Unix milliseconds. */
  readonly expiresMs: number;
  /** 16 bytes as 32 lower-case hex digits. */
  readonly nonce: string;
}

export type DigestError = "not_canonical" | "nonce" | "expires";

/** SHA-256 over bytes, passed in: this zone loads no crypto. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** The digest of an approval, lower-case hex. */
export function approvalDigest(sha256: Sha256, fields: ApprovalFields): Result<string, DigestError> {
  const bytes = approvalBytes(fields);
  return bytes.ok ? ok(sha256(bytes.value).toHex()) : bytes;
}

/** The bytes under the digest. Fails for what has no canonical form; such a call is never asked about. */
export function approvalBytes(fields: ApprovalFields): Result<Uint8Array, DigestError> {
  if (!/^[0-9a-f]{32}$/.test(fields.nonce)) return err("nonce");
  if (!Number.isSafeInteger(fields.expiresMs)) return err("expires");
  const action = canonicalAction(fields.action);
  if (!action.ok) return action;
  const expires = new Uint8Array(8);
  new DataView(expires.buffer).setBigInt64(0, BigInt(fields.expiresMs));
  const parts = [
    TAG,
    prefixed(action.value),
    prefixed(fields.session),
    prefixed(fields.agent),
    prefixed(fields.asker),
    expires,
    Uint8Array.fromHex(fields.nonce),
  ];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return ok(whole);
}

/** JCS of an action; fails on lone surrogates, numbers that are not safe integers, and nesting beyond 64. */
export function canonicalAction(action: Action): Result<string, "not_canonical"> {
  const value = plain(action, 0);
  return value === undefined ? err("not_canonical") : ok(jcs(value));
}

/** A structural copy as JSON, or `undefined` where the value has no canonical form. */
function plain(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value === "string") return value.isWellFormed() ? value : undefined;
  if (typeof value !== "object" || depth >= DEPTH_MAX) return undefined;
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) {
      const copy = plain(item, depth + 1);
      if (copy === undefined) return undefined;
      items.push(copy);
    }
    return items;
  }
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(value)) {
    const copy = plain(member, depth + 1);
    if (copy === undefined || !name.isWellFormed()) return undefined;
    members.push([name, copy]);
  }
  return Object.fromEntries(members);
}

function prefixed(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length);
  whole.set(bytes, 4);
  return whole;
}
