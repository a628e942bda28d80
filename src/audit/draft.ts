/** A row before it has a place in the log: its texts exactly as they will be hashed and stored. */
import type { EventKind, NewRow, Trust } from "#contracts/audit-event.ts";
import type { SessionId } from "#contracts/ids.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { isIJsonObject, repairSurrogates } from "#chain/i-json.ts";

export interface StoredText {
  readonly text: string;
  readonly json: JsonObject;
}

export interface Draft {
  readonly session: SessionId;
  readonly kind: EventKind;
  readonly trust: Trust;
  readonly payload: StoredText;
  readonly content: StoredText | undefined;
  /** Set for a chain head, whose time is the signer's. */
  readonly tsMs: number | undefined;
}

/**
 * Turns a row into a draft. Lone surrogates are repaired before anything is hashed.
 * @throws TypeError when a member is not I-JSON with integers, RangeError when it is too large: both are
 * the author's bugs.
 */
export function draftOf(row: NewRow, tsMs?: number): Draft {
  return {
    session: row.session,
    kind: row.kind,
    trust: row.trust,
    payload: storedText(row.payload, LIMITS.payload_bytes_max),
    content: row.content === undefined ? undefined : storedText(row.content, LIMITS.content_bytes_max),
    tsMs,
  };
}

function storedText(value: JsonObject, bytesMax: number): StoredText {
  const written = JSON.stringify(value);
  const text = repairSurrogates(written);
  if (!isIJsonObject(text)) throw new TypeError("a row's member is not I-JSON with integers");
  if (Buffer.byteLength(text) > bytesMax) throw new RangeError(`a row's member has over ${bytesMax} bytes`);
  return { text, json: text === written ? value : parseObject(text) };
}

/**
 * Parses stored text. @throws TypeError when it is not a JSON object: the file was changed behind the
 * program.
 */
export function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new TypeError("stored text is not an object");
  return value;
}
