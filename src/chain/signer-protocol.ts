/**
 * Bodies of the requests between gateway and signer: JSON text in `request` and `response` frames, printed
 * and parsed
 * strictly (docs/formats/audit.md, "Signer"). A body with another member, or a missing one, is refused.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import { parseSessionId } from "#contracts/ids.ts";
import { fromHex } from "./bytes.ts";
import type {
  AcceptRequest,
  CheckpointRequest,
  HeadRequest,
  KeyRequest,
  SignedHead,
  SignedKey,
  SignerState,
  StateRequest,
} from "./head-signer.ts";
import { isIJsonObject } from "./i-json.ts";

export const SIGNER_METHODS = [
  "sign_head",
  "sign_checkpoint",
  "key_continuity",
  "signer_state",
  "accept_state",
] as const;
export type SignerMethod = (typeof SIGNER_METHODS)[number];

/** Longest body: an accepted state of many sessions goes in chunks of frames. */
export const SIGNER_BODY_CHARS_MAX = 4 * 1_048_576;

type Check = (value: unknown) => boolean;
type Parsed<T> = Result<T, "body_malformed">;

const hash: Check = (value) => fromHex(value, 32) !== undefined;
const logId: Check = (value) => fromHex(value, 16) !== undefined;
const signature: Check = (value) => fromHex(value, 64) !== undefined;
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const session: Check = (value) => typeof value === "string" && parseSessionId(value).ok;
const reason: Check = (value) => typeof value === "string" && /^[a-z_]{1,32}$/.test(value);
const holder: Check = (value) =>
  typeof value === "string" && /^(?:log|agent:[a-z0-9][a-z0-9-]{0,31})$/.test(value);
const note: Check = (value) => typeof value === "string" && value.length <= 4_096;

/** True for the name of a method of the signer. */
export function isSignerMethod(text: string): text is SignerMethod {
  return SIGNER_METHODS.some((method) => method === text);
}

export function printHeadRequest(value: HeadRequest): string {
  return JSON.stringify({
    log_id: value.logId,
    session: value.session,
    seq_start: value.seqStart,
    seq_end: value.seqEnd,
    head_hash: value.headHash,
    reason: value.reason,
  });
}
export function parseHeadRequest(body: string): Parsed<HeadRequest> {
  const fields = read(body, {
    log_id: logId,
    session,
    seq_start: count,
    seq_end: count,
    head_hash: hash,
    reason,
  });
  if (fields === undefined) return err("body_malformed");
  return ok({
    logId: text(fields, "log_id"),
    session: text(fields, "session"),
    seqStart: number(fields, "seq_start"),
    seqEnd: number(fields, "seq_end"),
    headHash: text(fields, "head_hash"),
    reason: text(fields, "reason"),
  });
}

const HEAD = {
  seq_start: count,
  seq_end: count,
  head_hash: hash,
  prev_head_hash: hash,
  reason,
  ts_ms: count,
  key: hash,
  signature,
} as const;

export function headJson(value: SignedHead): JsonObject {
  return {
    seq_start: value.seqStart,
    seq_end: value.seqEnd,
    head_hash: value.headHash,
    prev_head_hash: value.prevHeadHash,
    reason: value.reason,
    ts_ms: value.tsMs,
    key: value.key,
    signature: value.signature,
  };
}
export function printSignedHead(value: SignedHead): string {
  return JSON.stringify(headJson(value));
}
export function parseSignedHead(body: string): Parsed<SignedHead> {
  const fields = read(body, HEAD);
  return fields === undefined ? err("body_malformed") : ok(headOf(fields));
}

export function printCheckpointRequest(value: CheckpointRequest): string {
  return JSON.stringify({ log_id: value.logId, size: value.size, root: value.root, proof: value.proof });
}
export function parseCheckpointRequest(body: string): Parsed<CheckpointRequest> {
  const proof: Check = (value) => Array.isArray(value) && value.length <= 128 && value.every(hash);
  const fields = read(body, { log_id: logId, size: count, root: hash, proof });
  if (fields === undefined) return err("body_malformed");
  const nodes = fields["proof"];
  return ok({
    logId: text(fields, "log_id"),
    size: number(fields, "size"),
    root: text(fields, "root"),
    proof: Array.isArray(nodes) ? nodes.map(String) : [],
  });
}

export function printNote(value: { readonly note: string }): string {
  return JSON.stringify({ note: value.note });
}
export function parseNote(body: string): Parsed<{ readonly note: string }> {
  const fields = read(body, { note });
  return fields === undefined ? err("body_malformed") : ok({ note: text(fields, "note") });
}

export function printKeyRequest(value: KeyRequest): string {
  return JSON.stringify({ log_id: value.logId, holder: value.holder });
}
export function parseKeyRequest(body: string): Parsed<KeyRequest> {
  const fields = read(body, { log_id: logId, holder });
  if (fields === undefined) return err("body_malformed");
  return ok({ logId: text(fields, "log_id"), holder: text(fields, "holder") });
}

export function printSignedKey(value: SignedKey): string {
  return JSON.stringify({ key: value.key, prev_key: value.prevKey, signature: value.signature });
}
export function parseSignedKey(body: string): Parsed<SignedKey> {
  const fields = read(body, { key: hash, prev_key: hash, signature });
  if (fields === undefined) return err("body_malformed");
  return ok({
    key: text(fields, "key"),
    prevKey: text(fields, "prev_key"),
    signature: text(fields, "signature"),
  });
}

export function printStateRequest(value: StateRequest): string {
  return JSON.stringify({ log_id: value.logId, session: value.session });
}
export function parseStateRequest(body: string): Parsed<StateRequest> {
  const fields = read(body, { log_id: logId, session: (value) => value === "" || session(value) });
  if (fields === undefined) return err("body_malformed");
  return ok({ logId: text(fields, "log_id"), session: text(fields, "session") });
}

export function printSignerState(value: SignerState): string {
  const head = value.head === undefined ? null : headJson(value.head);
  return JSON.stringify({
    log_key: value.logKey,
    memory: value.memory,
    size: value.size,
    root: value.root,
    head,
  });
}
export function parseSignerState(body: string): Parsed<SignerState> {
  const memory: Check = (value) => memoryOf(value) !== undefined;
  const head: Check = (value) => value === null || (isJsonObject(value) && holds(value, HEAD));
  const fields = read(body, { log_key: hash, memory, size: count, root: hash, head });
  const word = memoryOf(fields?.["memory"]);
  if (fields === undefined || word === undefined) return err("body_malformed");
  const last = fields["head"];
  return ok({
    logKey: text(fields, "log_key"),
    memory: word,
    size: number(fields, "size"),
    root: text(fields, "root"),
    head: isJsonObject(last) ? headOf(last) : undefined,
  });
}

export function printAcceptRequest(value: AcceptRequest): string {
  const sessions = value.sessions.map((each) => ({
    session: each.session,
    seq_end: each.seqEnd,
    head_hash: each.headHash,
  }));
  return JSON.stringify({ log_id: value.logId, size: value.size, root: value.root, sessions });
}
export function parseAcceptRequest(body: string): Parsed<AcceptRequest> {
  const entry = { session, seq_end: count, head_hash: hash };
  const sessions: Check = (value) =>
    Array.isArray(value) && value.every((each) => isJsonObject(each) && holds(each, entry));
  const fields = read(body, { log_id: logId, size: count, root: hash, sessions });
  if (fields === undefined) return err("body_malformed");
  const list = fields["sessions"];
  return ok({
    logId: text(fields, "log_id"),
    size: number(fields, "size"),
    root: text(fields, "root"),
    sessions: (Array.isArray(list) ? list : []).filter(isJsonObject).map((each) => ({
      session: text(each, "session"),
      seqEnd: number(each, "seq_end"),
      headHash: text(each, "head_hash"),
    })),
  });
}

function headOf(fields: JsonObject): SignedHead {
  return {
    seqStart: number(fields, "seq_start"),
    seqEnd: number(fields, "seq_end"),
    headHash: text(fields, "head_hash"),
    prevHeadHash: text(fields, "prev_head_hash"),
    reason: text(fields, "reason"),
    tsMs: number(fields, "ts_ms"),
    key: text(fields, "key"),
    signature: text(fields, "signature"),
  };
}

function memoryOf(value: unknown): SignerState["memory"] | undefined {
  return value === "ready" || value === "fresh" || value === "missing" ? value : undefined;
}

/** The body's members when they are exactly those of `shape` and each passes its check. */
function read(body: string, shape: Record<string, Check>): JsonObject | undefined {
  if (body.length > SIGNER_BODY_CHARS_MAX || !isIJsonObject(body)) return undefined;
  const value: unknown = JSON.parse(body);
  return isJsonObject(value) && holds(value, shape) ? value : undefined;
}

function holds(value: JsonObject, shape: Record<string, Check>): boolean {
  const names = Object.keys(shape);
  if (Object.keys(value).length !== names.length) return false;
  return names.every((name) => Object.hasOwn(value, name) && shape[name]?.(value[name]) === true);
}

function text(fields: JsonObject, name: string): string {
  return textMember(fields, name);
}

function number(fields: JsonObject, name: string): number {
  return Number(fields[name]);
}
