/** What is WhatsApp's own: receipts, the 24-hour rule, outcomes without edits, refused tokens, pressure. */
import { afterEach, expect, test } from "bun:test";
import { type Life, adapterLives, until } from "#kit/life-fake.ts";
import { answer, approval, ended, textOf, texts } from "#kit/conformance-world.case.ts";
import type { Outbound } from "#contracts/message.ts";
import { payloadOf, signed } from "#test/support/whatsapp-fake/cloud-api.ts";
import { toStarred } from "#kit/markdown/starred.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { whatsapp } from "./main.ts";
import { renderAnswer } from "./outbound.ts";
import { ANA, type WhatsAppWorld, whatsappHandoff, whatsappWorld } from "./world.case.ts";

let life: Life | undefined;
afterEach(() => life?.kill());

function begin(settings: Readonly<Record<string, string>> = {}) {
  const world = whatsappWorld(undefined, settings);
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives, tell: life.tell };
}

async function send(world: WhatsAppWorld, lives: ReturnType<typeof adapterLives>, outbound: Outbound) {
  life?.tell({ kind: "outbound", outbound });
  await until(() => ended(lives, outbound) !== undefined, world.clock);
  return ended(lives, outbound);
}

test("a closed window is told as such, and the person is asked once a day to write again", async () => {
  const { world, lives } = begin({ template: "please_write:en_US" });
  world.api.fail({ kind: "later", code: 131_047 }); // Meta takes it, and says over the webhook that it did not
  expect(await send(world, lives, answer(world, "too late"))).toMatchObject({
    state: "failed",
    code: "window_closed",
  });
  world.api.fail({ kind: "answer", status: 400, code: 131_047 });
  expect(await send(world, lives, answer(world, "again"))).toMatchObject({
    state: "failed",
    code: "window_closed",
  });
  const templates = (): readonly string[] =>
    world.api.sent.flatMap(({ template }) => (template === "" ? [] : [template]));
  expect(templates()).toEqual(["please_write"]);
  life?.kill();
  life = lives.start();
  world.api.fail({ kind: "answer", status: 400, code: 131_047 });
  await send(world, lives, answer(world, "after a restart"));
  expect(templates()).toEqual(["please_write"]);
  await world.clock.advance(86_400_001);
  world.api.fail({ kind: "answer", status: 400, code: 131_047 });
  await send(world, lives, answer(world, "another day"));
  expect(templates().length).toBe(2);
  expect(world.violations()).toEqual([]);
});

test("without a template nothing is sent in an answer's place", async () => {
  const { world, lives } = begin();
  world.api.fail({ kind: "answer", status: 400, code: 131_047 });
  expect(await send(world, lives, answer(world, "too late"))).toMatchObject({ code: "window_closed" });
  expect(world.api.sent).toEqual([]);
});

test("what Meta gives up on later is failed and not sent again; silence is what it was: accepted", async () => {
  const { world, lives } = begin();
  const codes: readonly (readonly [number, string])[] = [
    [131_026, "blocked"],
    [131_053, "rejected"],
    [130_429, "rejected"],
  ];
  for (const [code] of codes.slice(0, 2)) world.api.fail({ kind: "later", code });
  for (const [, word] of codes.slice(0, 2)) {
    expect(await send(world, lives, answer(world, "x"))).toMatchObject({ state: "failed", code: word });
  }
  expect(world.api.sent.length).toBe(2);
  world.api.receipts = false;
  const before = world.clock.now();
  expect(await send(world, lives, answer(world, "silence"))).toMatchObject({ state: "delivered" });
  expect(world.clock.now() - before).toBeLessThan(6_000);
});

test("an outcome quotes its request, also in another life", async () => {
  const { world, lives, tell } = begin();
  const prompt = approval(world, {});
  tell({ kind: "prompt", prompt });
  await until(() => world.seen().length === 1, world.clock);
  const [shown] = world.api.sent;
  expect(shown?.buttons.map(({ text }) => text)).toEqual(["Deny", "Approve once"]);
  await until(() => false, world.clock, 6_000);
  life?.kill();
  life = lives.start();
  const { approvalId, conversation, thread } = prompt;
  const outcome = "Denied by you, here, 14:02:11. @15550001111";
  life.tell({
    kind: "promptClosed",
    closed: { approvalId, conversation, thread, outcome, verdict: "denied" },
  });
  await until(() => world.seen().length === 2, world.clock);
  expect(world.api.sent[1]?.replyTo).toBe(shown?.id ?? "");
  expect(world.seen()[1]?.pings).toEqual([]);
  expect(world.violations()).toEqual([]);
});

test("a request that is too long for buttons stands whole above them", async () => {
  const { world, tell } = begin();
  const exact = Array.from({ length: 300 }, (_, line) => `line ${line} of the call`).join("\n");
  tell({ kind: "prompt", prompt: approval(world, { exact, tier: 2, grantOffer: "this call for 30 days" }) });
  await until(() => world.seen().some(({ buttons }) => buttons.length > 0), world.clock);
  const all = texts(world).slice(0, -1).join("\n");
  for (let line = 0; line < 300; line++) expect(all).toContain(`line ${line} of the call`);
  const last = world.seen().at(-1);
  expect(last?.text).toContain("Delete 14 files in build/?");
  expect(last?.buttons.map(({ text }) => text)).toEqual(["Deny", "Approve once", "Approve and remember"]);
  expect(world.violations()).toEqual([]);
});

test("a token that ran out is told at once, and again when it is mended", async () => {
  const { world, lives } = begin();
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
  world.revoke();
  expect(await send(world, lives, answer(world, "to nobody"))).toMatchObject({
    state: "failed",
    code: "auth",
  });
  expect(lives.gateway.states.at(-1)).toEqual({
    state: "rejected",
    detail: "Meta refused the access token: it ran out, was revoked, or never existed",
  });
  world.say("are you there?"); // what comes in is still taken
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  world.api.revoked = false;
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock, 400_000);
  expect(lives.gateway.states.at(-1)?.state).toBe("ready");
});

test("a token without the right is told apart from one that ran out", async () => {
  const { world, lives } = begin();
  world.api.fail({ kind: "answer", status: 403, code: 200 });
  expect(await send(world, lives, answer(world, "x"))).toMatchObject({ code: "auth" });
  expect(lives.gateway.states.some(({ detail }) => detail.includes("whatsapp_business_messaging"))).toBe(
    true,
  );
});

test("forged, foreign and broken deliveries bring nothing in", async () => {
  const { world, lives } = begin();
  await until(() => world.api.receiver !== undefined, world.clock);
  const event = { messages: [world.message({ type: "text", text: { body: "run: id" } })] };
  const post = async (body: string, signature: string): Promise<number | undefined> => {
    const headers = { "x-hub-signature-256": signature };
    const request = new Request("https://t.example/whatsapp", { method: "POST", body, headers });
    return (await world.api.receiver?.(request))?.status;
  };
  const body = JSON.stringify(payloadOf(event));
  for (const forged of [
    "",
    "sha256=",
    signed(`${body} `),
    signed(body).replace("sha256", "sha1"),
    signed(""),
  ]) {
    expect(await post(body, forged)).toBe(401);
  }
  const foreign = JSON.stringify(payloadOf(event, "999999999"));
  expect(await post(foreign, signed(foreign))).toBe(200);
  for (const broken of ["", "{", "[]", "null", '{"object":"page"}', "[".repeat(100_000)]) {
    expect(await post(broken, signed(broken))).toBe(400);
  }
  expect(lives.gateway.inbound).toEqual([]);
  expect(await post(body, signed(body))).toBe(200);
  expect(lives.gateway.inbound.map(textOf)).toEqual(["run: id"]);
});

test("nothing is acknowledged while the gateway is deaf, and all of it comes once it hears", async () => {
  const { world, lives } = begin();
  lives.gateway.deaf = true;
  world.say("one");
  world.say("two");
  await until(() => false, world.clock, 10_000);
  expect(world.api.undelivered).toBe(1); // one lane, its first request unanswered
  life?.kill();
  lives.gateway.deaf = false;
  life = lives.start();
  await until(() => world.api.undelivered === 0, world.clock);
  expect(lives.gateway.inbound.map(textOf)).toEqual(["one", "two"]);
});

test("200 messages a second of 50 people are taken, each once and in its person's order", async () => {
  const { world, lives } = begin();
  const total = 600;
  const begun = performance.now();
  for (let n = 0; n < total; n++) {
    const from = `4915550${100 + (n % 50)}`;
    const message = { ...world.message({ type: "text", text: { body: `${from} ${n}` } }), from };
    world.api.push(from, payloadOf({ messages: [message] }));
    if (n % 7 === 0) world.api.push(from, payloadOf({ messages: [message] }));
  }
  await until(() => world.api.undelivered === 0, world.clock);
  const tookMs = performance.now() - begun;
  expect(lives.gateway.inbound.length).toBe(total);
  for (let person = 0; person < 50; person++) {
    const mine = lives.gateway.inbound.filter(
      ({ conversation }) => conversation === `4915550${100 + person}`,
    );
    const order = mine.map((event) => Number(textOf(event).split(" ")[1]));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
  expect(tookMs).toBeLessThan(3_000); // 600 at 200 a second
});

test("toStarred marks what it can and nothing else; a full piece without room for marks goes plain", () => {
  const shown = (markdown: string): string => toStarred(parseMarkdown(markdown));
  expect(shown("# Title\n\n**b** _i_ ~~s~~ `c`")).toBe("*Title*\n\n*b* _i_ ~s~ `c`");
  expect(shown("**a*b**")).not.toContain("*a*b*");
  expect(shown("```ts\na `` b\n```")).toBe("```a `\u2060` b```");
  expect(shown("[evil.org](https://good.org)")).toContain("https://good.org");
  const outbound: Outbound = { ...answer(whatsappWorld(), `**${"x".repeat(4_096)}**`) };
  expect(renderAnswer(outbound).every(({ text }) => text.length <= 4_096)).toBe(true);
});

test("whatsapp refuses to start with credentials or settings that cannot be right", async () => {
  const strange: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>])[] =
    [
      [{}, { token: "short" }],
      [{}, { "app-secret": "x" }],
      [{}, { "phone-number-id": "+1555" }],
      [{ port: "0" }, {}],
      [{ template: "Please Write" }, {}],
      [{ "api-base": "http://graph.facebook.com" }, {}],
    ];
  for (const [settings, secrets] of strange) {
    const { clock } = whatsappWorld();
    const lives = adapterLives(() => whatsapp, whatsappHandoff(settings, secrets), clock);
    life = lives.start();
    await until(() => lives.gateway.states.at(-1)?.state === "rejected", clock, 2_000);
    expect([settings, secrets, lives.gateway.states.at(-1)?.state]).toEqual([settings, secrets, "rejected"]);
    life.kill();
  }
});

test("the typing sign follows the last message of a chat", async () => {
  const { world, lives, tell } = begin();
  world.say("hello");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  const id = lives.gateway.inbound[0]?.messageId ?? "";
  tell({ kind: "activity", conversation: ANA, thread: "", working: true });
  tell({ kind: "activity", conversation: "4915550999", thread: "", working: true }); // never heard of
  await until(() => world.api.typed.length === 2, world.clock, 25_000);
  expect(world.api.typed).toEqual([id, id]);
});
