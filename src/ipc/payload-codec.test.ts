/** Payloads: what is written is read, what is not in normal form or outside its bounds is refused. */
import { describe, expect, test } from "bun:test";
import type { Payload } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { err, ok } from "#contracts/result.ts";
import { PAYLOAD_KINDS, decodePayload, encodePayload } from "./payload-codec.ts";
import { listPointer, messageOf, structPointer, tagWord } from "./raw-words.case.ts";
import type { WireRefusal } from "./refusal.ts";
import { SAMPLE_INBOUND, SAMPLE_PAYLOADS } from "./samples.case.ts";

function bytesOf(payload: Payload): Uint8Array {
  const encoded = encodePayload(payload);
  if (!encoded.ok) throw new Error(encoded.error);
  return encoded.value;
}

function inbound(more: Partial<typeof SAMPLE_INBOUND>): Payload {
  return { kind: "inbound", inbound: { ...SAMPLE_INBOUND, ...more } };
}

/** The union `Payload` with `kind` set and its body at the next word. */
function payloadWords(
  kind: (typeof PAYLOAD_KINDS)[number],
  body: bigint,
  ...words: readonly bigint[]
): Uint8Array {
  return messageOf(structPointer(0, 1, 1), BigInt(PAYLOAD_KINDS.indexOf(kind)), body, ...words);
}

/** An event whose name is `count` bytes long in one word. */
function eventNamed(word: bigint, count: number): Uint8Array {
  return payloadWords("event", structPointer(0, 0, 2), listPointer(1, 2, count), 0n, word);
}

describe("encodePayload and decodePayload", () => {
  test("know every kind, with a sample of each", () => {
    expect(SAMPLE_PAYLOADS.map((payload) => payload.kind)).toEqual([...PAYLOAD_KINDS]);
  });

  test.each(SAMPLE_PAYLOADS.map((payload) => [payload.kind, payload] as const))("carry %s", (_, payload) => {
    const bytes = bytesOf(payload);
    expect(decodePayload(bytes)).toEqual(ok(payload));
  });

  test("carry empty, long and odd values", () => {
    const odd: Payload[] = [
      inbound({
        eventId: "",
        parts: [],
        tsMs: 0,
        isGroup: false,
        mentioned: false,
        kind: "message",
        value: "",
      }),
      inbound({ tsMs: -1 }),
      inbound({ tsMs: Number.MAX_SAFE_INTEGER }),
      inbound({ tsMs: Number.MIN_SAFE_INTEGER }),
      inbound({ displayName: "\uFEFFa\u0000b\u202E" }),
      inbound({ parts: [{ kind: "text", text: "" }] }),
      inbound({
        parts: Array.from({ length: LIMITS.parts_max }, () => ({ kind: "quoted" as const, text: "x" })),
      }),
      { kind: "chunk", id: 0, index: 0, last: false, data: new Uint8Array(LIMITS.chunk_bytes_max) },
      {
        kind: "delivery",
        delivery: { outboundId: "", state: "sending", messageIds: ["", "a", ""], code: "" },
      },
    ];
    for (const payload of odd) expect(decodePayload(bytesOf(payload))).toEqual(ok(payload));
    const long = inbound({ parts: [{ kind: "text", text: "é".repeat(131_072) }] });
    expect(decodePayload(bytesOf(long))).toEqual(err("length"));
    expect(decodePayload(bytesOf(long), LIMITS.chunked_bytes_max)).toEqual(ok(long));
  });

  test("repair lone surrogates before they leave", () => {
    const bytes = bytesOf(inbound({ displayName: "a\uD800b" }));
    const read = decodePayload(bytes);
    expect(read.ok && read.value.kind === "inbound" && read.value.inbound.displayName).toBe("a\uFFFDb");
  });

  const UNSENDABLE: readonly (readonly [string, Payload, WireRefusal])[] = [
    ["a long id", inbound({ eventId: "x".repeat(513) }), "limit"],
    ["a long name", inbound({ displayName: "é".repeat(193) }), "limit"],
    [
      "too many parts",
      inbound({ parts: Array.from({ length: 33 }, () => ({ kind: "text", text: "" })) }),
      "limit",
    ],
    ["a long part", inbound({ parts: [{ kind: "text", text: "x".repeat(262_145) }] }), "limit"],
    [
      "parts that are too long together",
      inbound({ parts: Array.from({ length: 2 }, () => ({ kind: "text", text: "x".repeat(131_073) })) }),
      "limit",
    ],
    ["a broken number", inbound({ tsMs: 1.5 }), "number"],
    ["no number", inbound({ tsMs: Number.NaN }), "number"],
    ["a huge number", inbound({ tsMs: 2 ** 53 }), "number"],
    ["a negative id", { kind: "request", id: -1, method: "m", body: "" }, "number"],
    ["an id over 32 bits", { kind: "request", id: 2 ** 32, method: "m", body: "" }, "number"],
    [
      "a hash that is none",
      inbound({
        parts: [
          { kind: "attachment", handle: "h", name: "n", mediaType: "m", bytes: 1, sha256: "AB".repeat(32) },
        ],
      }),
      "data_length",
    ],
    [
      "a negative size",
      inbound({
        parts: [
          { kind: "attachment", handle: "h", name: "n", mediaType: "m", bytes: -1, sha256: "ab".repeat(32) },
        ],
      }),
      "number",
    ],
    ["a body over 8 MiB", { kind: "event", name: "x", body: "x".repeat(LIMITS.chunked_bytes_max) }, "limit"],
    [
      "too large a chunk",
      { kind: "chunk", id: 1, index: 0, last: false, data: new Uint8Array(LIMITS.chunk_bytes_max + 1) },
      "limit",
    ],
  ];
  test.each([...UNSENDABLE])("refuse to write %s", (_, payload, reason) => {
    expect(encodePayload(payload)).toEqual(err(reason));
  });

  const UNREADABLE: readonly (readonly [string, Uint8Array, WireRefusal])[] = [
    ["a root of another size", messageOf(structPointer(0, 1, 0), 0n), "shape"],
    ["a null root", messageOf(0n), "missing"],
    ["a root that is a list", messageOf(listPointer(0, 5, 1), 0n), "shape"],
    ["an unknown kind", messageOf(structPointer(0, 1, 1), 14n, 0n), "union"],
    ["a body that is missing", payloadWords("event", 0n), "missing"],
    ["a body of another shape", payloadWords("event", structPointer(0, 1, 2), 0n, 0n, 0n), "shape"],
    [
      "a text that is a struct",
      payloadWords("event", structPointer(0, 0, 2), structPointer(1, 1, 0), 0n, 0n),
      "shape",
    ],
    [
      "text of pointers",
      payloadWords("event", structPointer(0, 0, 2), listPointer(1, 6, 1), 0n, 0n),
      "shape",
    ],
    ["text of no bytes", payloadWords("event", structPointer(0, 0, 2), listPointer(1, 2, 0), 0n), "text_nul"],
    ["text without NUL", eventNamed(0x4141_4141_4141_4141n, 8), "text_nul"],
    ["bad UTF-8", eventNamed(0x00ffn, 2), "text_utf8"],
    ["overlong UTF-8", eventNamed(0x00_80c0n, 3), "text_utf8"],
    ["a surrogate in UTF-8", eventNamed(0x00_80a0edn, 4), "text_utf8"],
    ["text that is empty but there", eventNamed(0n, 1), "normal_form"],
    ["padding that is not zero", eventNamed(0x41_0041n, 2), "normal_form"],
    ["a word that nobody points to", messageOf(structPointer(0, 1, 1), 0n, 0n, 0n), "normal_form"],
    ["a body where the kind has none", payloadWords("stop", structPointer(0, 1, 0), 0n), "normal_form"],
    ["unused bits", messageOf(structPointer(0, 1, 1), 0x1_0000n, 0n), "normal_form"],
    ["an unknown state", payloadWords("adapterState", structPointer(0, 1, 1), 5n, 0n), "enum"],
    [
      "objects in another order",
      payloadWords("event", structPointer(0, 0, 2), listPointer(2, 2, 2), listPointer(0, 2, 2), 0x41n, 0x42n),
      "normal_form",
    ],
    [
      "parts of another shape",
      payloadWords(
        "inbound",
        structPointer(0, 2, 12),
        ...new BigUint64Array(2 + 8),
        listPointer(3, 7, 1),
        0n,
        0n,
        0n,
        tagWord(1, 1, 0),
        0n,
      ),
      "shape",
    ],
    [
      "an approval without an id",
      payloadWords("prompt", structPointer(0, 3, 8), 2n, ...new BigUint64Array(10)),
      "id",
    ],
    [
      "a long id",
      payloadWords("event", structPointer(0, 0, 2), listPointer(1, 2, 514), 0n, ...new BigUint64Array(65)),
      "limit",
    ],
  ];
  test.each([...UNREADABLE])("refuse to read %s", (_, bytes, reason) => {
    expect(decodePayload(bytes)).toEqual(err(reason));
  });

  test("refuse every other bytes: what is read is written back the same", () => {
    let readable = 0;
    for (const payload of SAMPLE_PAYLOADS) {
      const bytes = bytesOf(payload);
      for (let at = 0; at < bytes.byteLength; at += 1) {
        for (const flip of [1, 0x80]) {
          const mutant = bytes.slice();
          mutant[at] = (mutant[at] ?? 0) ^ flip;
          const read = decodePayload(mutant);
          if (!read.ok) continue;
          readable += 1;
          expect(bytesOf(read.value)).toEqual(mutant);
        }
      }
    }
    expect(readable).toBeGreaterThan(500); // flips inside of texts
  });
});
