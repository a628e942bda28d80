/**
 * The durable memory of what is being sent. Each message has one sealed document from its acceptance to its
 * end, so that a crash can neither lose it nor send it twice: `sending` is on the disk before the first byte
 * of a piece leaves.
 */
import type { Fault } from "#contracts/fault.ts";
import { parseOutboundId } from "#contracts/ids.ts";
import { type Json, isJsonObject } from "#contracts/json.ts";
import { DELIVERY_STATES, type Delivery, type Outbound } from "#contracts/message.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readDocument, writeDocument } from "./json-document.ts";
import type { StateStore } from "./state-store.ts";

const PREFIX = "outbound-";
const ENDED = "ended-outbounds";
const ENDED_MAX = 256;

/** A message on its way. */
export interface OutboundRecord {
  readonly outbound: Outbound;
  /** Order of acceptance. */
  readonly order: number;
  /** Index of the piece that is next. */
  readonly next: number;
  /** That piece's sending began; its outcome is not known. */
  readonly sending: boolean;
  /** Platform ids of the pieces before it. */
  readonly messageIds: readonly string[];
}

export interface OutboundJournal {
  /** Messages that had not ended, in the order of their acceptance. */
  readonly open: readonly OutboundRecord[];
  /** Ids whose document was damaged: nothing is known about them but that they had begun. */
  readonly damaged: readonly string[];
  /** How a message ended, among the last 256. */
  ended(outboundId: string): Delivery | undefined;
  write(record: OutboundRecord): Promise<Result<void, Fault>>;
  /** Notes how it ended, durably; its document stays until `forget`. */
  end(delivery: Delivery): Promise<Result<void, Fault>>;
  forget(outboundId: string): Promise<Result<void, Fault>>;
}

/** Reads the journal of an earlier life. */
export async function openOutboundJournal(state: StateStore): Promise<Result<OutboundJournal, Fault>> {
  const names = await state.list(PREFIX);
  if (!names.ok) return names;
  const open: OutboundRecord[] = [];
  const damaged: string[] = [];
  for (const name of names.value) {
    const record = await readDocument(state, name, parseRecord);
    if (!record.ok) return record;
    if (record.value === undefined) damaged.push(name.slice(PREFIX.length));
    else open.push(record.value);
  }
  const stored = await readDocument(state, ENDED, parseEnded);
  if (!stored.ok) return stored;
  const ended = new Map((stored.value ?? []).map((delivery) => [delivery.outboundId, delivery]));
  let last: Promise<unknown> = Promise.resolve();
  return ok({
    open: open.sort((a, b) => a.order - b.order),
    damaged,
    ended: (outboundId) => ended.get(outboundId),
    write: (record) => writeDocument(state, PREFIX + record.outbound.outboundId, recordJson(record)),
    end: (delivery) => {
      ended.set(delivery.outboundId, delivery);
      for (const oldest of ended.keys()) {
        if (ended.size <= ENDED_MAX) break;
        ended.delete(oldest);
      }
      const write = last.then(() => writeDocument(state, ENDED, [...ended.values()].map(deliveryJson)));
      last = write;
      return write;
    },
    forget: (outboundId) => state.remove(PREFIX + outboundId),
  });
}

function recordJson(record: OutboundRecord): Json {
  return { ...record, outbound: { ...record.outbound } };
}

function deliveryJson(delivery: Delivery): Json {
  return { ...delivery };
}

function parseRecord(value: unknown): OutboundRecord | undefined {
  if (!isJsonObject(value)) return undefined;
  const { order, next, sending } = value;
  const outbound = parseOutbound(value["outbound"]);
  const messageIds = parseTexts(value["messageIds"]);
  if (outbound === undefined || messageIds === undefined) return undefined;
  if (typeof order !== "number" || typeof next !== "number" || typeof sending !== "boolean") return undefined;
  return { outbound, order, next, sending, messageIds };
}

function parseOutbound(value: unknown): Outbound | undefined {
  if (!isJsonObject(value)) return undefined;
  const { conversation, thread, replyTo, markdown, purpose } = value;
  const id = value["outboundId"];
  const outboundId = parseOutboundId(typeof id === "string" ? id : "");
  if (!outboundId.ok || (purpose !== "answer" && purpose !== "notice")) return undefined;
  if (typeof conversation !== "string" || typeof thread !== "string") return undefined;
  if (typeof replyTo !== "string" || typeof markdown !== "string") return undefined;
  return { outboundId: outboundId.value, conversation, thread, replyTo, markdown, purpose };
}

function parseEnded(value: unknown): Delivery[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const deliveries: Delivery[] = [];
  for (const item of value) {
    if (!isJsonObject(item)) return undefined;
    const { outboundId, code } = item;
    const state = DELIVERY_STATES.find((known) => known === item["state"]);
    const messageIds = parseTexts(item["messageIds"]);
    if (typeof outboundId !== "string" || typeof code !== "string") return undefined;
    if (state === undefined || messageIds === undefined) return undefined;
    deliveries.push({ outboundId, state, messageIds, code });
  }
  return deliveries;
}

function parseTexts(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((item) => typeof item === "string");
  return texts.length === value.length ? texts : undefined;
}
