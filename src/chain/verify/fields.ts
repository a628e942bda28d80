/** Payloads of the record's own kinds, parsed strictly: exactly these members, each of its type. */
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { fromHex } from "../bytes.ts";

/** Parses text that has passed the I-JSON check. */
export function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export interface HeadPayload {
  readonly seqStart: number;
  readonly seqEnd: number;
  readonly headHash: Uint8Array;
  readonly prevHeadHash: Uint8Array;
  readonly reason: string;
  readonly signature: Uint8Array;
}

export function headPayload(payload: JsonObject): HeadPayload | undefined {
  const { seq_start, seq_end, head_hash, prev_head_hash, reason, key, signature } = payload;
  const headHash = fromHex(head_hash, 32);
  const prevHeadHash = fromHex(prev_head_hash, 32);
  const bytes = fromHex(signature, 64);
  if (!isCount(seq_start) || !isCount(seq_end) || typeof reason !== "string") return undefined;
  if (!headHash || !prevHeadHash || !bytes || !fromHex(key, 32)) return undefined;
  return { seqStart: seq_start, seqEnd: seq_end, headHash, prevHeadHash, reason, signature: bytes };
}

export interface KeyPayload {
  readonly holder: string;
  readonly key: Uint8Array;
  readonly prevKey: Uint8Array;
  readonly signature: Uint8Array;
}

const HOLDER = /^(?:log|agent:[a-z0-9][a-z0-9-]{0,31})$/;

export function keyPayload(payload: JsonObject): KeyPayload | undefined {
  const { holder } = payload;
  const key = fromHex(payload["key"], 32);
  const prevKey = fromHex(payload["prev_key"], 32);
  const signature = fromHex(payload["signature"], 64);
  if (typeof holder !== "string" || !HOLDER.test(holder) || !key || !prevKey || !signature) return undefined;
  return { holder, key, prevKey, signature };
}

export interface CheckpointPayload {
  readonly note: string;
  readonly frontier: readonly Uint8Array[];
}

export function checkpointPayload(payload: JsonObject): CheckpointPayload | undefined {
  const { note, frontier } = payload;
  if (typeof note !== "string" || !Array.isArray(frontier)) return undefined;
  const roots: Uint8Array[] = [];
  for (const each of frontier) {
    const root = fromHex(each, 32);
    if (root === undefined) return undefined;
    roots.push(root);
  }
  return { note, frontier: roots };
}

export interface PrunePayload {
  readonly session: string;
  readonly seqFrom: number;
  readonly seqTo: number;
  readonly count: number;
}

export function prunePayload(payload: JsonObject): PrunePayload | undefined {
  const { session, seq_from, seq_to, count } = payload;
  if (typeof session !== "string" || !isCount(seq_from) || !isCount(seq_to) || !isCount(count))
    return undefined;
  return { session, seqFrom: seq_from, seqTo: seq_to, count };
}

export interface ErasePayload {
  readonly session: string;
  readonly seq: number;
}

export function erasePayload(payload: JsonObject): ErasePayload | undefined {
  const { session, seq } = payload;
  return typeof session === "string" && isCount(seq) ? { session, seq } : undefined;
}

/** `{key, sealed}`: content that only a text key opens. */
export function isSealed(content: JsonObject): boolean {
  const sealed = content["sealed"];
  const names = Object.keys(content);
  return (
    names.length === 2 &&
    fromHex(content["key"], 32) !== undefined &&
    typeof sealed === "string" &&
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(sealed)
  );
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
