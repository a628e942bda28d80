/** Our codec against two others of the same wire format: the reference `capnp` tool, and capnp-es. */
import { describe, expect, test } from "bun:test";
import * as capnpEs from "capnp-es";
import type { Payload } from "#contracts/frame.ts";
import { ok } from "#contracts/result.ts";
import { BODIES, CAPNP, capnp, frameText, payloadText } from "./capnp-tool.case.ts";
import { type Frame, decodeFrame, encodeFrame } from "./frame-codec.ts";
import * as generated from "#test/support/capnp/wirken.generated.ts";
import { PAYLOAD_KINDS, decodePayload, encodePayload } from "./payload-codec.ts";
import { SAMPLE_INBOUND, SAMPLE_PAYLOADS } from "./samples.case.ts";

const bytes = (count: number, first: number) =>
  Uint8Array.from({ length: count }, (_, index) => first + index);
const none = new Uint8Array(0);

const FRAMES: readonly Frame[] = [
  { kind: "challenge", challenge: { version: 1, gatewayNonce: bytes(32, 1) } },
  {
    kind: "response",
    response: {
      version: 1,
      role: "console",
      peerId: "slack:eu",
      peerPublicKey: bytes(32, 2),
      peerNonce: bytes(32, 3),
      signature: bytes(64, 4),
    },
  },
  {
    kind: "result",
    result: { accepted: true, reason: "none", gatewayPublicKey: bytes(32, 5), signature: bytes(64, 6) },
  },
  {
    kind: "result",
    result: { accepted: false, reason: "already_connected", gatewayPublicKey: none, signature: none },
  },
  { kind: "signed", signed: { counter: 2 ** 53 - 1, payload: bytes(200, 7), signature: bytes(64, 8) } },
];

const PAYLOADS: readonly Payload[] = [
  ...SAMPLE_PAYLOADS,
  { kind: "inbound", inbound: { ...SAMPLE_INBOUND, tsMs: -5, parts: [], replyTo: "", isGroup: false } },
  { kind: "inbound", inbound: { ...SAMPLE_INBOUND, parts: [{ kind: "text", text: "ü".repeat(12_000) }] } },
];

if (CAPNP === null) console.error("skipped: the cross test with the capnp tool, which is not here");

describe.skipIf(CAPNP === null)("the capnp tool (needs capnp)", () => {
  test.each(PAYLOADS.map((payload) => [payload.kind, payload] as const))(
    "agrees on the payload %s",
    (_, payload) => {
      const ours = encodePayload(payload);
      if (!ours.ok) throw new Error(ours.error);
      const theirs = capnp("encode", "Payload", Buffer.from(payloadText(payload)));
      expect(ours.value.toHex()).toBe(theirs.toHex());
      expect(decodePayload(theirs)).toEqual(ok(payload));
      const again = capnp("encode", "Payload", capnp("decode", "Payload", ours.value));
      expect(again.toHex()).toBe(ours.value.toHex());
    },
  );

  test.each(FRAMES.map((frame) => [frame.kind, frame] as const))("agrees on the frame %s", (_, frame) => {
    const ours = encodeFrame(frame);
    if (!ours.ok) throw new Error(ours.error);
    const theirs = capnp("encode", "Frame", Buffer.from(frameText(frame)));
    expect(ours.value.toHex()).toBe(theirs.toHex());
    expect(decodeFrame(theirs)).toEqual(ok(frame));
    const again = capnp("encode", "Frame", capnp("decode", "Frame", ours.value));
    expect(again.toHex()).toBe(ours.value.toHex());
  });
});

describe("capnp-es", () => {
  test.each(PAYLOADS.map((payload) => [payload.kind, payload] as const))(
    "reads and writes %s",
    (kind, payload) => {
      const ours = encodePayload(payload);
      if (!ours.ok) throw new Error(ours.error);
      const root = new capnpEs.Message(ours.value, false).getRoot(generated.Payload);
      expect(Number(root.which())).toBe(PAYLOAD_KINDS.indexOf(payload.kind));
      const message = new capnpEs.Message();
      const copy = message.initRoot(generated.Payload);
      const row = BODIES[kind];
      if (row === undefined) {
        Reflect.set(copy, kind, true);
      } else {
        const [table, property] = row;
        const value: object = property === undefined ? payload : Reflect.get(payload, property);
        compare(table.fields, Object(Reflect.get(root, kind)), value);
        fill(table.fields, Reflect.get(copy, initOf(kind)).call(copy), value);
      }
      expect(new Uint8Array(message.toArrayBuffer()).toHex()).toBe(ours.value.toHex());
    },
  );
});

/** Every scalar, text and data field of what capnp-es read, against the value we wrote. */
function compare(fields: object, read: object, value: object): void {
  for (const [name, field] of Object.entries(fields)) {
    const type: string = Reflect.get(field, "type");
    const wanted: unknown = Reflect.get(value, name);
    const got: unknown = Reflect.get(read, name);
    if (Array.isArray(wanted)) expect(Reflect.get(Object(got), "length")).toBe(wanted.length);
    else if (type === "Data") expect(Object(got).toUint8Array().toHex()).toBe(hexOf(wanted));
    else expect(typeof got === "bigint" ? Number(got) : got).toEqual(plain(field, wanted));
  }
}

/** Writes the same value through capnp-es, field by field in schema order. */
function fill(fields: object, to: object, value: object): void {
  for (const [name, field] of Object.entries(fields)) {
    const type: string = Reflect.get(field, "type");
    const wanted: unknown = Reflect.get(value, name);
    const init = (length: number) => Reflect.get(to, initOf(name)).call(to, length);
    if (Array.isArray(wanted)) {
      if (wanted.length > 0) fillList(type, init(wanted.length), wanted);
    } else if (type === "Data") {
      const data = Uint8Array.fromHex(hexOf(wanted));
      if (data.byteLength > 0) init(data.byteLength).copyBuffer(data);
    } else if (wanted !== "") {
      Reflect.set(to, name, type.endsWith("nt64") ? BigInt(Number(wanted)) : plain(field, wanted));
    }
  }
}

function fillList(
  type: string,
  list: { get(i: number): object; set(i: number, v: unknown): void },
  values: unknown[],
) {
  values.forEach((value, index) => {
    if (type === "List(Text)") list.set(index, value);
    else if (type === "List(Fact)") fill(BODY_FIELDS.fact, list.get(index), Object(value));
    else fillPart(list.get(index), Object(value));
  });
}

function fillPart(part: object, value: { kind: string; text?: string }): void {
  if (value.kind !== "attachment") Reflect.set(part, value.kind, value.text);
  else fill(BODY_FIELDS.attachment, Reflect.get(part, "_initAttachment").call(part), value);
}

const { ATTACHMENT, FACT } = await import("./payload-schema.ts");
const BODY_FIELDS = { attachment: ATTACHMENT.fields, fact: FACT.fields };

/** The name of capnp-es' method that makes a pointer field. */
function initOf(name: string): string {
  return `_init${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

function plain(field: object, value: unknown): unknown {
  const words: readonly unknown[] | undefined = Reflect.get(field, "words");
  return words === undefined ? value : words.indexOf(value);
}

function hexOf(value: unknown): string {
  return value instanceof Uint8Array ? value.toHex() : String(value);
}
