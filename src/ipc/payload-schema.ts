/** The payload structs of `wirken.capnp` as tables, each field with its bound (docs/formats/frames.md, "Payloads"). */
import { type AdapterState, ADAPTER_STATES, type Payload } from "#contracts/frame.ts";
import { newApprovalId, newOutboundId, parseApprovalId, parseOutboundId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import {
  type ApprovalPrompt,
  DELIVERY_STATES,
  type Delivery,
  INBOUND_KINDS,
  type Inbound,
  type InboundAck,
  type Outbound,
  type Part,
  type PromptClosed,
} from "#contracts/message.ts";
import {
  type Struct,
  bool,
  data,
  hash,
  idText,
  int64,
  oneOf,
  structs,
  table,
  text,
  texts,
  uint32,
  uint64,
  word,
} from "./layout.ts";

const ID = LIMITS.id_bytes_max;
const SHORT = LIMITS.short_text_bytes_max;
const LONG = LIMITS.long_text_bytes_max;
const NAME = LIMITS.display_name_chars_max * 3; // a UTF-16 code unit is at most three bytes of UTF-8
const BODY = LIMITS.chunked_bytes_max;
const NO_OUTBOUND = newOutboundId((count) => new Uint8Array(count));
const NO_APPROVAL = newApprovalId((count) => new Uint8Array(count));

/** The fields of the payload kind `K` without its discriminant. */
export type Body<K extends Payload["kind"]> = Omit<Extract<Payload, { kind: K }>, "kind">;

export const ATTACHMENT = table<Omit<Extract<Part, { kind: "attachment" }>, "kind">>("Attachment", 1, 4, {
  handle: text(0, ID),
  name: text(1, ID),
  mediaType: text(2, ID),
  bytes: uint64(0),
  sha256: hash(3),
});

const PART_KINDS = [
  "text",
  "quoted",
  "forwarded",
  "preview",
  "attachment",
] as const satisfies readonly Part["kind"][];

const PART: Struct<Part> = {
  name: "Part",
  dataWords: 1,
  pointers: 1,
  read: (from) => {
    const kind = PART_KINDS[from.uint16(0)];
    if (kind === "attachment") {
      const inner = from.struct(0, ATTACHMENT.dataWords, ATTACHMENT.pointers);
      if (inner !== undefined) return { kind, ...ATTACHMENT.read(inner) };
    } else if (kind !== undefined) return { kind, text: from.text(0, LIMITS.inbound_text_bytes_max) };
    from.message.refuse("union");
    return { kind: "text", text: "" };
  },
  write: (to, part) => {
    to.uint16(0, PART_KINDS.indexOf(part.kind));
    if (part.kind === "attachment") {
      ATTACHMENT.write(to.struct(0, ATTACHMENT.dataWords, ATTACHMENT.pointers), part);
    } else text(0, LIMITS.inbound_text_bytes_max).write(to, part.text);
  },
};

export const FACT = table<ApprovalPrompt["facts"][number]>("Fact", 1, 2, {
  label: text(0, ID),
  text: text(1, SHORT),
  alarming: bool(0),
});

export const CHUNK = table<Body<"chunk">>("Chunk", 2, 1, {
  id: uint32(0),
  index: uint32(1),
  last: bool(64),
  data: data(0, LIMITS.chunk_bytes_max),
});

export const INBOUND = table<Inbound>("Inbound", 2, 12, {
  eventId: text(0, ID),
  messageId: text(1, ID),
  senderId: text(2, ID),
  displayName: text(3, NAME),
  channel: text(4, ID),
  instance: text(5, ID),
  conversation: text(6, ID),
  thread: text(7, ID),
  parts: structs(8, LIMITS.parts_max, PART),
  tsMs: int64(0),
  isGroup: bool(64),
  mentioned: bool(65),
  replyTo: text(9, ID),
  editOf: text(10, ID),
  kind: word("InboundKind", 5, INBOUND_KINDS),
  value: text(11, SHORT),
});

export const INBOUND_ACK = table<InboundAck>("InboundAck", 1, 2, {
  eventId: text(0, ID),
  conversation: text(1, ID),
  status: word("AckStatus", 0, ["recorded", "duplicate", "refused"]),
});

export const OUTBOUND = table<Outbound>("Outbound", 1, 5, {
  outboundId: idText(0, ID, parseOutboundId, NO_OUTBOUND),
  conversation: text(1, ID),
  thread: text(2, ID),
  replyTo: text(3, ID),
  markdown: text(4, LONG),
  purpose: word("Purpose", 0, ["answer", "notice"]),
});

export const DELIVERY = table<Delivery>("Delivery", 1, 3, {
  outboundId: text(0, ID),
  state: word("DeliveryState", 0, DELIVERY_STATES),
  messageIds: texts(1, LIMITS.message_ids_max, ID),
  code: text(2, ID),
});

export const APPROVAL_PROMPT = table<ApprovalPrompt>("ApprovalPrompt", 3, 8, {
  approvalId: idText(0, ID, parseApprovalId, NO_APPROVAL),
  conversation: text(1, ID),
  thread: text(2, ID),
  tier: oneOf(0, [2, 3]),
  title: text(3, SHORT),
  exact: text(4, LONG),
  facts: structs(5, LIMITS.facts_max, FACT),
  askedMs: int64(1),
  expiresMs: int64(2),
  answerable: bool(8),
  elsewhere: text(6, SHORT),
  grantOffer: text(7, SHORT),
});

export const PROMPT_CLOSED = table<PromptClosed>("PromptClosed", 1, 4, {
  approvalId: text(0, ID),
  conversation: text(1, ID),
  thread: text(2, ID),
  outcome: text(3, SHORT),
  verdict: word("ClosedVerdict", 0, ["approved", "denied", "expired", "changed", "cancelled"]),
});

export const ACTIVITY = table<Body<"activity">>("Activity", 1, 2, {
  conversation: text(0, ID),
  thread: text(1, ID),
  working: bool(0),
});

export const ADAPTER_REPORT = table<{ readonly state: AdapterState; readonly detail: string }>(
  "AdapterReport",
  1,
  1,
  { state: word("AdapterState", 0, ADAPTER_STATES), detail: text(0, SHORT) },
);

export const REQUEST = table<Body<"request">>("Request", 1, 2, {
  id: uint32(0),
  method: text(0, ID),
  body: text(1, BODY),
});

export const REPLY = table<Body<"response">>("Reply", 1, 1, {
  id: uint32(0),
  ok: bool(32),
  body: text(0, BODY),
});

export const EVENT = table<Body<"event">>("Event", 0, 2, { name: text(0, ID), body: text(1, BODY) });

/** Every table, for the test that holds them against the schema. */
export const PAYLOAD_TABLES = [
  ATTACHMENT,
  FACT,
  CHUNK,
  INBOUND,
  INBOUND_ACK,
  OUTBOUND,
  DELIVERY,
  APPROVAL_PROMPT,
  PROMPT_CLOSED,
  ACTIVITY,
  ADAPTER_REPORT,
  REQUEST,
  REPLY,
  EVENT,
] as const;
