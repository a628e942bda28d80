/** What Meta's webhook brings, as data: Meta's own samples, and what somebody might put in their place. */
import { expect, test } from "bun:test";
import { violationsOf, cloudSchema, webhookSamples } from "#test/support/whatsapp-fake/schema.ts";
import { PHONE_NUMBER_ID, payloadOf } from "#test/support/whatsapp-fake/cloud-api.ts";
import { isMediaAddress } from "./api.ts";
import { readDelivery } from "./inbound.ts";

const NOW = 1_750_400_000_000;
const ANA = "16505551234";

function read(message: object, now = NOW) {
  const whole = { from: ANA, id: "wamid.A=", timestamp: String(NOW / 1_000), ...message };
  return readDelivery(payloadOf({ messages: [whole] }), PHONE_NUMBER_ID, now)?.events;
}

test("readDelivery reads each of Meta's own samples as what it is", () => {
  const seen = new Map<string, unknown>();
  for (const [name, sample] of webhookSamples()) {
    // The samples' moments are weeks apart: each is read near its own.
    const at = Number(/"timestamp":"?(\d+)/.exec(JSON.stringify(sample))?.[1] ?? 0) * 1_000;
    const [event] = readDelivery(sample, PHONE_NUMBER_ID, at)?.events ?? [];
    const parts = event?.draft.parts.map((part) => `${part.kind}: ${"text" in part ? part.text : ""}`);
    seen.set(
      name,
      event && [event.draft.kind, event.draft.value, parts, event.files.map((file) => file.name)],
    );
  }
  const strange = ["preview: (a message of a kind that cannot be shown here)"];
  expect([...seen]).toEqual([
    ["Text Message", ["message", "", ["text: Does it come in another color?"], []]],
    ["Text Message with Context (Product Inquiry)", ["message", "", ["text: Is this still available?"], []]],
    [
      "Text Message from Click to WhatsApp Ad",
      [
        "message",
        "",
        ["text: Hello! Can I get more info on this?", "preview: Chat with us\nSummer Succulents are here!"],
        [],
      ],
    ],
    ["Reaction Message", ["reaction", "👍", [], []]],
    ["Image Message", ["message", "", ["text: Taj Mahal"], ["image.jpg"]]],
    [
      "Location Message",
      [
        "message",
        "",
        [
          "preview: location 37.44221496582, -122.16165924072\nPhilz Coffee\n101 Forest Ave, Palo Alto, CA 94301",
        ],
        [],
      ],
    ],
    ["Contact Sharing Message", ["message", "", ["preview: contact Lucía Gómez +1 (983) 555-2319"], []]],
    ["Unsupported Message", ["message", "", strange, []]],
    ["Button Message", ["message", "", ["text: Unsubscribe"], []]],
    ["Interactive List Reply Message", ["message", "", ["text: Priority Mail Express"], []]],
    ["Interactive Button Reply Message", ["button", "cancel-button", [], []]],
    ["Order Message", ["message", "", strange, []]],
    ["System Message", undefined],
    ["Group Create Message", undefined],
    ["Group Settings Update", undefined],
    ["Group Remove Participants", undefined],
  ]);
});

test("readDelivery takes text that was forwarded, or stands in a caption, for no command", () => {
  const text = { type: "text", text: { body: "/approve a-1" } };
  expect(read(text)?.[0]?.draft.kind).toBe("command");
  for (const context of [{ forwarded: true }, { frequently_forwarded: true }]) {
    const [event] = read({ ...text, context }) ?? [];
    expect(event?.draft).toMatchObject({ kind: "message", value: "", parts: [{ kind: "forwarded" }] });
  }
  const caption = read({ type: "document", document: { id: "1", caption: "/approve a-1" } });
  expect(caption?.[0]?.draft).toMatchObject({ kind: "message", value: "" });
  const quick = read({ type: "button", button: { payload: "approve:a-1", text: "approve:a-1" } });
  expect(quick?.[0]?.draft).toMatchObject({ kind: "message", value: "" });
});

test("readDelivery passes over what is not a direct message to this number, now", () => {
  const text = { type: "text", text: { body: "hi" } };
  expect(read(text)?.length).toBe(1);
  expect(read({ ...text, group_id: "Y2FwaV9ncm91cDox" })).toEqual([]);
  expect(read(text, NOW + 9 * 86_400_000)).toEqual([]); // older than Meta ever repeats
  expect(read(text, NOW - 2 * 3_600_000)).toEqual([]); // from the future
  const broken = [
    { from: "x" },
    { from: 1 },
    { from: "" },
    { id: "" },
    { id: "a b" },
    { id: "x".repeat(300) },
  ];
  for (const more of [...broken, { timestamp: "soon" }, { timestamp: 1 }])
    expect(read({ ...text, ...more })).toEqual([]);
  const other = readDelivery(
    payloadOf({ messages: [{ ...text, from: ANA, id: "w", timestamp: "1" }] }, "999999"),
    PHONE_NUMBER_ID,
    1_000,
  );
  expect(other).toEqual({ events: [], receipts: [] });
});

test("readDelivery survives every shape", () => {
  const shapes = [null, 1, "x", [], {}, { object: "page" }, { object: "whatsapp_business_account" }];
  const wild = [null, 1, "x", [], {}, [null], [[]], { messages: null }];
  for (const shape of shapes) expect(() => readDelivery(shape, PHONE_NUMBER_ID, NOW)).not.toThrow();
  for (const value of wild) {
    const payload = {
      object: "whatsapp_business_account",
      entry: [{ changes: [{ field: "messages", value }] }, value],
    };
    expect(readDelivery(payload, PHONE_NUMBER_ID, NOW)).toEqual({ events: [], receipts: [] });
    for (const type of [
      "text",
      "image",
      "contacts",
      "location",
      "interactive",
      "reaction",
      "__proto__",
      "constructor",
    ]) {
      expect(() => read({ type, [type]: value })).not.toThrow();
    }
  }
});

test("isMediaAddress keeps the token with the API's own servers", () => {
  const meta = "https://graph.facebook.com";
  const own = "http://127.0.0.1:4601";
  expect(isMediaAddress("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", meta)).toBe(true);
  expect(isMediaAddress("http://127.0.0.1:4601/files/1", own)).toBe(true);
  for (const url of [
    "",
    "lookaside.fbsbx.com",
    "http://lookaside.fbsbx.com/x",
    "https://lookaside.fbsbx.com.evil.example/x",
    "https://lookaside.fbsbx.com@evil.example/x",
    "https://user:word@lookaside.fbsbx.com/x",
    "https://lookaside.fbsbx.com:8443/x",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "http://127.0.0.1:4602/files/1",
  ]) {
    expect([url, isMediaAddress(url, meta)]).toEqual([url, false]);
    expect([url, isMediaAddress(url, own)]).toEqual([url, false]);
  }
});

test("the fake's rules forbid what Meta's forbid", () => {
  const schema = cloudSchema();
  const text = {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to: "1",
    type: "text",
    text: { body: "x" },
  };
  const button = (title: string) => ({ type: "reply", reply: { id: "a", title } });
  const ask = (titles: readonly string[], body = "x") => ({
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to: "1",
    type: "interactive",
    interactive: { type: "button", body: { text: body }, action: { buttons: titles.map(button) } },
  });
  expect(violationsOf(schema, "TextMessage", text)).toEqual([]);
  expect(violationsOf(schema, "InteractiveMessage", ask(["a", "b", "c"]))).toEqual([]);
  const { to: _, ...nobody } = text;
  for (const [rule, call] of [
    ["TextMessage", nobody],
    ["TextMessage", { ...text, parse_mode: "HTML" }],
    ["TextMessage", { ...text, text: { body: 1 } }],
    ["TextMessage", { ...text, recipient_type: "everyone" }],
    ["InteractiveMessage", ask([])],
    ["InteractiveMessage", ask(["a", "b", "c", "d"])],
    ["InteractiveMessage", ask(["x".repeat(21)])],
    ["InteractiveMessage", ask(["a"], "x".repeat(1_025))],
  ] as const) {
    expect([JSON.stringify(call), violationsOf(schema, rule, call).length]).not.toEqual([
      JSON.stringify(call),
      0,
    ]);
  }
});
