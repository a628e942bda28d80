/**
 * Hashes of a row (docs/formats/audit.md): content hash, row hash, and the prev_hash of a session's first row.
 * One object with scratch space of its own: verification calls it for every row of the log.
 */
import { concat, lp, tag, utf8, writeInt64 } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

export interface RowFields {
  readonly session: string;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: string;
  readonly trust: string;
  readonly payloadHash: Uint8Array;
  /** `undefined` when the row never had content. */
  readonly contentHash: Uint8Array | undefined;
  readonly prevHash: Uint8Array;
}

export interface RowHasher {
  /** `H(content tag ‖ lp(salt or empty) ‖ content)`, into `out` when given. */
  content(salt: Uint8Array | undefined, content: string, out?: Uint8Array): Uint8Array;
  /** The row's hash, into `out` when given. Hash fields are 32 bytes long. */
  row(fields: RowFields, out?: Uint8Array): Uint8Array;
}

const CONTENT_TAG = tag("wirken/audit/content/v1");
const ROW_TAG = tag("wirken/audit/row/v1");
const SESSION_TAG = tag("wirken/audit/session/v1");
const UTF8 = new TextEncoder();

/** Builds a hasher whose scratch space grows to the largest content it has seen. */
export function rowHasher(crypto: Crypto): RowHasher {
  let scratch = new Uint8Array(4_096);
  let view = new DataView(scratch.buffer);
  const reserve = (bytes: number): void => {
    if (bytes <= scratch.length) return;
    scratch = new Uint8Array(bytes * 2);
    view = new DataView(scratch.buffer);
  };
  const putText = (at: number, text: string): number => {
    const { written } = UTF8.encodeInto(text, scratch.subarray(at + 4));
    view.setUint32(at, written);
    return at + 4 + written;
  };
  return {
    content: (salt, content, out) => {
      const saltBytes = salt?.length ?? 0;
      reserve(CONTENT_TAG.length + 4 + saltBytes + content.length * 3);
      scratch.set(CONTENT_TAG);
      let at = CONTENT_TAG.length;
      view.setUint32(at, saltBytes);
      at += 4;
      if (salt !== undefined) scratch.set(salt, at);
      at += saltBytes;
      at += UTF8.encodeInto(content, scratch.subarray(at)).written;
      return crypto.sha256(scratch.subarray(0, at), out);
    },
    row: (fields, out) => {
      const texts = fields.session.length + fields.kind.length + fields.trust.length;
      reserve(ROW_TAG.length + texts * 3 + 132);
      scratch.set(ROW_TAG);
      let at = putText(ROW_TAG.length, fields.session);
      writeInt64(view, at, fields.seq);
      writeInt64(view, at + 8, fields.tsMs);
      at = putText(at + 16, fields.kind);
      at = putText(at, fields.trust);
      scratch.set(fields.payloadHash, at);
      at += 32;
      view.setUint32(at, fields.contentHash === undefined ? 0 : 32);
      at += 4;
      if (fields.contentHash !== undefined) {
        scratch.set(fields.contentHash, at);
        at += 32;
      }
      scratch.set(fields.prevHash, at);
      return crypto.sha256(scratch.subarray(0, at + 32), out);
    },
  };
}

/** prev_hash of a session's row 0: binds the session to its log. `logId` is 16 bytes. */
export function sessionPrevHash(crypto: Crypto, logId: Uint8Array, session: string): Uint8Array {
  return crypto.sha256(concat(SESSION_TAG, logId, lp(utf8(session))));
}
