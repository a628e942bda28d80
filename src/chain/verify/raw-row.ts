/** A row as it lies in the file, once every column has the type and size that the format gives it. */
import { parseSessionId } from "#contracts/ids.ts";

export interface RawRow {
  readonly id: number;
  readonly session: string;
  readonly seq: number;
  readonly tsMs: number;
  readonly kind: string;
  readonly trust: string;
  readonly payload: string | null;
  readonly payloadHash: Uint8Array;
  readonly content: string | null;
  readonly salt: Uint8Array | null;
  readonly contentHash: Uint8Array | null;
  readonly prevHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** The columns in the order in which `readRow` takes their values. */
export const ROW_COLUMNS =
  "id, session_id, seq, ts_ms, kind, trust, payload, payload_hash, content, salt, content_hash, prev_hash, hash";

const SALT_BYTES = 16;
const KIND = /^[a-z][a-z0-9_]{0,63}$/;

/** Words that were found well-formed: a log has few of each, and a row is checked against a set. */
export class KnownWords {
  readonly #sessions = new Set<string>();
  readonly #kinds = new Set<string>();
  #lastSession = "";
  #lastKind = "";

  session(value: unknown): value is string {
    if (typeof value !== "string") return false;
    if (value === this.#lastSession) return true; // rows of a turn stand together
    if (!this.#sessions.has(value) && !parseSessionId(value).ok) return false;
    this.#sessions.add(value);
    this.#lastSession = value;
    return true;
  }

  kind(value: unknown): value is string {
    if (typeof value !== "string") return false;
    if (value === this.#lastKind) return true;
    if (!this.#kinds.has(value) && !KIND.test(value)) return false;
    this.#kinds.add(value);
    this.#lastKind = value;
    return true;
  }
}

/** Reads a row, or names the first column that breaks the format. */
export function readRow(values: readonly unknown[], words: KnownWords): RawRow | string {
  // By index: destructuring walks the array with its iterator, once for every row of the log.
  const id = values[0];
  const session = values[1];
  const seq = values[2];
  const tsMs = values[3];
  const kind = values[4];
  const trust = values[5];
  const payload = values[6];
  const payloadHash = values[7];
  const content = values[8];
  const salt = values[9];
  const contentHash = values[10];
  const prevHash = values[11];
  const hash = values[12];
  if (!isCount(id) || id < 1) return "id";
  if (!words.session(session)) return "session_id";
  if (!isCount(seq)) return "seq";
  if (!isCount(tsMs)) return "ts_ms";
  if (!words.kind(kind)) return "kind";
  if (trust !== "system" && trust !== "user" && trust !== "tool" && trust !== "external") return "trust";
  if (payload !== null && typeof payload !== "string") return "payload";
  if (!isHash(payloadHash)) return "payload_hash";
  if (content !== null && typeof content !== "string") return "content";
  if (salt !== null && !(salt instanceof Uint8Array && salt.length === SALT_BYTES)) return "salt";
  if (contentHash !== null && !isHash(contentHash)) return "content_hash";
  if (!isHash(prevHash)) return "prev_hash";
  if (!isHash(hash)) return "hash";
  return {
    id,
    session,
    seq,
    tsMs,
    kind,
    trust,
    payload,
    payloadHash,
    content,
    salt,
    contentHash,
    prevHash,
    hash,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32;
}
