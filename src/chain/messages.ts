/** The byte strings that keys of the record sign, and the salted hashes of what a model was sent. */
import { concat, lp, tag, u64, utf8 } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** 32 zero bytes: prev_head_hash of a session's first head, prev_key of a holder's first key. */
export const ZERO_32: Uint8Array = new Uint8Array(32);

const HEAD_TAG = tag("wirken/audit/head/v1");
const KEY_TAG = tag("wirken/audit/key/v1");
const MESSAGES_TAG = tag("wirken/audit/messages/v1");
const BODY_TAG = tag("wirken/audit/body/v1");

export interface HeadFields {
  readonly logId: Uint8Array;
  readonly session: string;
  readonly seqStart: number;
  readonly seqEnd: number;
  readonly headHash: Uint8Array;
  /** Unix milliseconds: the ts_ms of the chain_head row. */
  readonly tsMs: number;
  readonly prevHeadHash: Uint8Array;
  readonly reason: string;
}

/** What the session's key signs for a chain head. */
export function headMessage(head: HeadFields): Uint8Array {
  return concat(
    HEAD_TAG,
    head.logId,
    lp(utf8(head.session)),
    u64(head.seqStart),
    u64(head.seqEnd),
    head.headHash,
    u64(head.tsMs),
    head.prevHeadHash,
    lp(utf8(head.reason)),
  );
}

/** What the key before signs to bring a key in; `prevKey` is `ZERO_32` for a holder's first. */
export function keyMessage(
  logId: Uint8Array,
  holder: string,
  key: Uint8Array,
  prevKey: Uint8Array,
): Uint8Array {
  return concat(KEY_TAG, logId, lp(utf8(holder)), key, prevKey);
}

/** Salted hash over the texts of a model request, in order. */
export function messagesHash(
  crypto: Crypto,
  salt: Uint8Array,
  texts: readonly { readonly role: string; readonly text: string }[],
): Uint8Array {
  const parts = texts.flatMap(({ role, text }) => [lp(utf8(role)), lp(utf8(text))]);
  return crypto.sha256(concat(MESSAGES_TAG, salt, ...parts));
}

/** Salted hash over the tool table as canonical JSON (RFC 8785): one text with the role `tools`. */
export function toolsHash(crypto: Crypto, salt: Uint8Array, tableJcs: string): Uint8Array {
  return messagesHash(crypto, salt, [{ role: "tools", text: tableJcs }]);
}

/** Salted hash over the exact bytes of a request body. */
export function bodyHash(crypto: Crypto, bodySalt: Uint8Array, body: Uint8Array): Uint8Array {
  return crypto.sha256(concat(BODY_TAG, bodySalt, body));
}
