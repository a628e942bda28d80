/** `Payload` ↔ the bytes of a Cap'n Proto message in normal form (docs/formats/frames.md, "Payloads"). */
import type { Payload, PayloadKind } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Inbound } from "#contracts/message.ts";
import { type Result, err, ok, unreachable } from "#contracts/result.ts";
import type { Struct } from "./layout.ts";
import { MessageBuilder, type StructBuilder } from "./message-builder.ts";
import { MessageReader, type StructReader } from "./message-reader.ts";
import {
  ACTIVITY,
  ADAPTER_REPORT,
  APPROVAL_PROMPT,
  CHUNK,
  DELIVERY,
  EVENT,
  INBOUND,
  INBOUND_ACK,
  OUTBOUND,
  PROMPT_CLOSED,
  REPLY,
  REQUEST,
} from "./payload-schema.ts";
import type { WireRefusal } from "./refusal.ts";
import { validateMessage } from "./validator.ts";

/** Discriminants of the union `Payload`, in schema order. */
export const PAYLOAD_KINDS = [
  "heartbeat",
  "chunk",
  "inbound",
  "inboundAck",
  "outbound",
  "delivery",
  "prompt",
  "promptClosed",
  "activity",
  "adapterState",
  "request",
  "response",
  "event",
  "stop",
] as const satisfies readonly PayloadKind[];

/**
 * The bytes of a payload. The error names the first value that no reader would take: a text over its bound, an unknown
 * id, a number out of range.
 */
export function encodePayload(payload: Payload): Result<Uint8Array<ArrayBuffer>, WireRefusal> {
  const message = new MessageBuilder(hintOf(payload));
  const root = message.root(1, 1);
  root.uint16(0, PAYLOAD_KINDS.indexOf(payload.kind));
  writeBody(root, payload);
  if (payload.kind === "inbound" && !isTextWithinBound(payload.inbound)) message.refuse("limit");
  if (message.refusal !== undefined) return err(message.refusal);
  const bytes = message.finish();
  return bytes.byteLength <= LIMITS.chunked_bytes_max ? ok(bytes) : err("limit");
}

/**
 * The payload in `bytes`. Structure first, then fields, then normal form: what it returns, `encodePayload` turns back
 * into the same bytes.
 * @param bytesMax longest message in bytes: a frame's payload, or an assembled body.
 */
export function decodePayload(
  bytes: Uint8Array,
  bytesMax: number = LIMITS.frame_bytes_max,
): Result<Payload, WireRefusal> {
  const structure = validateMessage(bytes, bytesMax);
  if (!structure.ok) return structure;
  const message = new MessageReader(bytes);
  const root = message.root(1, 1);
  const payload = root === undefined ? undefined : readBody(root);
  if (message.refusal !== undefined) return err(message.refusal);
  if (payload === undefined) return err("union");
  const again = encodePayload(payload);
  if (!again.ok) return again;
  return Buffer.compare(again.value, bytes) === 0 ? ok(payload) : err("normal_form");
}

/** Texts of an inbound event are bounded together, not only one by one. */
function isTextWithinBound(inbound: Inbound): boolean {
  let bytes = 0;
  for (const part of inbound.parts) if (part.kind !== "attachment") bytes += Buffer.byteLength(part.text);
  return bytes <= LIMITS.inbound_text_bytes_max;
}

function hintOf(payload: Payload): number {
  if (payload.kind === "chunk") return payload.data.byteLength + 128;
  if (payload.kind === "request" || payload.kind === "response" || payload.kind === "event") {
    return payload.body.length + 256;
  }
  return 1_024;
}

function writeBody(root: StructBuilder, payload: Payload): undefined {
  switch (payload.kind) {
    case "heartbeat":
    case "stop":
      return undefined;
    case "chunk":
      return write(root, CHUNK, payload);
    case "inbound":
      return write(root, INBOUND, payload.inbound);
    case "inboundAck":
      return write(root, INBOUND_ACK, payload.ack);
    case "outbound":
      return write(root, OUTBOUND, payload.outbound);
    case "delivery":
      return write(root, DELIVERY, payload.delivery);
    case "prompt":
      return write(root, APPROVAL_PROMPT, payload.prompt);
    case "promptClosed":
      return write(root, PROMPT_CLOSED, payload.closed);
    case "activity":
      return write(root, ACTIVITY, payload);
    case "adapterState":
      return write(root, ADAPTER_REPORT, payload);
    case "request":
      return write(root, REQUEST, payload);
    case "response":
      return write(root, REPLY, payload);
    case "event":
      return write(root, EVENT, payload);
    default:
      return unreachable(payload);
  }
}

function readBody(root: StructReader): Payload | undefined {
  const kind = PAYLOAD_KINDS[root.uint16(0)];
  switch (kind) {
    case undefined:
      return undefined;
    case "heartbeat":
    case "stop":
      return { kind };
    case "chunk":
      return read(root, CHUNK, (body) => ({ kind, ...body }));
    case "inbound":
      return read(root, INBOUND, (inbound) => ({ kind, inbound }));
    case "inboundAck":
      return read(root, INBOUND_ACK, (ack) => ({ kind, ack }));
    case "outbound":
      return read(root, OUTBOUND, (outbound) => ({ kind, outbound }));
    case "delivery":
      return read(root, DELIVERY, (delivery) => ({ kind, delivery }));
    case "prompt":
      return read(root, APPROVAL_PROMPT, (prompt) => ({ kind, prompt }));
    case "promptClosed":
      return read(root, PROMPT_CLOSED, (closed) => ({ kind, closed }));
    case "activity":
      return read(root, ACTIVITY, (body) => ({ kind, ...body }));
    case "adapterState":
      return read(root, ADAPTER_REPORT, (body) => ({ kind, ...body }));
    case "request":
      return read(root, REQUEST, (body) => ({ kind, ...body }));
    case "response":
      return read(root, REPLY, (body) => ({ kind, ...body }));
    case "event":
      return read(root, EVENT, (body) => ({ kind, ...body }));
    default:
      return unreachable(kind);
  }
}

function write<T>(root: StructBuilder, struct: Struct<T>, value: T): undefined {
  struct.write(root.struct(0, struct.dataWords, struct.pointers), value);
}

function read<T>(root: StructReader, struct: Struct<T>, wrap: (body: T) => Payload): Payload | undefined {
  const body = root.struct(0, struct.dataWords, struct.pointers);
  return body === undefined ? undefined : wrap(struct.read(body));
}
