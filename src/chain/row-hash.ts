/**
 * Hashes of a row (docs/formats/audit.md): content hash, row hash, and the prev_hash of a session's first
 * row.
 * Verification calls them for every row of the log, so inputs are kept and filled in, not built anew.
 */
import { concat, lp, tag, u32, utf8, writeInt64 } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

export interface RowFields {
  readonly session: string;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: string;
  readonly trust: string;
  readonly payloadHash: Uint8Array;
  /** `null` when the row never had content. */
  readonly contentHash: Uint8Array | null;
  readonly prevHash: Uint8Array;
}

export interface RowHasher {
  /** `H(content tag ‖ lp(salt or empty) ‖ content)`, into `out` when given. */
  content(salt: Uint8Array | null, content: string, out?: Uint8Array): Uint8Array;
  /** The row's hash, into `out` when given. Hash fields are 32 bytes long. */
  row(fields: RowFields, out?: Uint8Array): Uint8Array;
}

const CONTENT_TAG = tag("wirken/audit/content/v1");
const ROW_TAG = tag("wirken/audit/row/v1");
const SESSION_TAG = tag("wirken/audit/session/v1");
const UTF8 = new TextEncoder();
/** Inputs kept at most: a log has many sessions, a stretch of it few. */
const TEMPLATES_MAX = 4_096;
/** Views of one length each are kept up to this length. */
const VIEW_BYTES_MAX = 16_384;

/** Builds a hasher with kept inputs of its own. */
export function rowHasher(crypto: Crypto): RowHasher {
  const contents = new ContentInput();
  const rows = new RowInputs();
  return {
    content: (salt, content, out) => crypto.sha256(contents.fill(salt, content), out),
    row: (fields, out) => crypto.sha256(rows.fill(fields), out),
  };
}

/** prev_hash of a session's row 0: binds the session to its log. `logId` is 16 bytes. */
export function sessionPrevHash(crypto: Crypto, logId: Uint8Array, session: string): Uint8Array {
  return crypto.sha256(concat(SESSION_TAG, logId, lp(utf8(session))));
}

class ContentInput {
  #bytes = new Uint8Array(VIEW_BYTES_MAX);
  #views: Uint8Array[] = [];
  #target = new Uint8Array(0);
  #start = -1;

  fill(salt: Uint8Array | null, content: string): Uint8Array {
    const start = CONTENT_TAG.length + 4 + (salt?.length ?? 0);
    this.#reserve(start + content.length * 3);
    if (start !== this.#start) this.#begin(start, salt?.length ?? 0);
    if (salt !== null) this.#bytes.set(salt, start - salt.length);
    const { written } = UTF8.encodeInto(content, this.#target);
    return this.#view(start + written);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(bytes * 2);
    this.#views = [];
    this.#start = -1;
  }

  #begin(start: number, saltBytes: number): void {
    this.#bytes.set(CONTENT_TAG);
    this.#bytes.set(u32(saltBytes), CONTENT_TAG.length);
    this.#target = this.#bytes.subarray(start);
    this.#start = start;
  }

  #view(length: number): Uint8Array {
    if (length > VIEW_BYTES_MAX) return this.#bytes.subarray(0, length);
    const known = this.#views[length];
    if (known !== undefined) return known;
    const view = this.#bytes.subarray(0, length);
    this.#views[length] = view;
    return view;
  }
}

/**
 * The input of all rows that share session, kind, trust and the presence of content: only its numbers and
 * hashes change.
 */
interface Template {
  readonly session: string;
  readonly kind: string;
  readonly trust: string;
  readonly hasContent: boolean;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly numbersAt: number;
  readonly hashesAt: number;
}

class RowInputs {
  readonly #bySession = new Map<string, Map<string, Template[]>>();
  #count = 0;
  #lastTemplate: Template | undefined;

  fill(fields: RowFields): Uint8Array {
    const { bytes, view, numbersAt, hashesAt } = this.#templateOf(fields);
    writeInt64(view, numbersAt, fields.seq);
    writeInt64(view, numbersAt + 8, fields.tsMs);
    bytes.set(fields.payloadHash, hashesAt);
    if (fields.contentHash === null) {
      bytes.set(fields.prevHash, hashesAt + 36);
    } else {
      bytes.set(fields.contentHash, hashesAt + 36);
      bytes.set(fields.prevHash, hashesAt + 68);
    }
    return bytes;
  }

  #templateOf({ session, kind, trust, contentHash }: RowFields): Template {
    const hasContent = contentHash !== null;
    const last = this.#lastTemplate;
    if (last !== undefined && last.kind === kind && last.hasContent === hasContent && last.trust === trust) {
      if (last.session === session) return last; // rows of a turn stand together
    }
    const template = this.#find(session, kind, trust, hasContent);
    this.#lastTemplate = template;
    return template;
  }

  #find(session: string, kind: string, trust: string, hasContent: boolean): Template {
    const templates = this.#sessionOf(session);
    const ofKind = templates.get(kind) ?? [];
    for (const known of ofKind) if (known.hasContent === hasContent && known.trust === trust) return known;
    const before = concat(ROW_TAG, lp(utf8(session)));
    const between = concat(lp(utf8(kind)), lp(utf8(trust)));
    const contentBytes = hasContent ? 32 : 0;
    const gap = new Uint8Array(32);
    const bytes = concat(
      before,
      new Uint8Array(16),
      between,
      gap,
      u32(contentBytes),
      gap,
      gap.slice(0, contentBytes),
    );
    const view = new DataView(bytes.buffer);
    const numbersAt = before.length;
    const hashesAt = numbersAt + 16 + between.length;
    const template = { session, kind, trust, hasContent, bytes, view, numbersAt, hashesAt };
    templates.set(kind, [...ofKind, template]);
    this.#count += 1;
    return template;
  }

  #sessionOf(session: string): Map<string, Template[]> {
    if (this.#count > TEMPLATES_MAX) {
      this.#bySession.clear();
      this.#count = 0;
    }
    const templates = this.#bySession.get(session) ?? new Map<string, Template[]>();
    this.#bySession.set(session, templates);
    return templates;
  }
}
