/** What only Slack has in what goes out: rich text, its refusals, threads, requests in several messages. */
import { afterEach, expect, test } from "bun:test";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import type { ApprovalPrompt, Outbound } from "#contracts/message.ts";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { fixedRandom } from "#runtime/random.ts";
import { failureOfWord } from "./failure.ts";
import { outcomeOf, renderAnswer } from "./outbound.ts";
import { toRichText } from "./rich-text.ts";
import { DIRECT, type SlackWorld, slackWorld } from "./world.case.ts";

const random = fixedRandom(5);
let life: Life | undefined;
afterEach(() => life?.kill());

function begin(): { world: SlackWorld; lives: Lives; now: Life } {
  const world = slackWorld();
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives, now: life };
}

function outbound(markdown: string, more: Partial<Outbound> = {}): Outbound {
  const outboundId = newOutboundId((count) => random.bytes(count));
  return { outboundId, conversation: DIRECT, thread: "", replyTo: "", markdown, purpose: "answer", ...more };
}

function prompt(world: SlackWorld, more: Partial<ApprovalPrompt>): ApprovalPrompt {
  return {
    approvalId: newApprovalId((count) => random.bytes(count)),
    conversation: DIRECT,
    thread: "",
    tier: 2,
    title: "Run a command?",
    exact: "ls",
    facts: [],
    askedMs: world.clock.now(),
    expiresMs: world.clock.now() + 900_000,
    answerable: true,
    elsewhere: "",
    grantOffer: "",
    ...more,
  };
}

test("toRichText writes every form as structure, and keeps what a person copies", () => {
  const markdown =
    "# A _title_\n\none **two** `three` ~~four~~ [five](https://example.org)\n\n- a\n  - b\n\n3. c\n\n> d\n\n```sh\nrm -rf @x\n```\n\n---\n\nend";
  const blocks = toRichText(parseMarkdown(markdown));
  const text = JSON.stringify(blocks);
  for (const part of [
    '{"type":"text","text":"title","style":{"italic":true,"bold":true}}',
    '{"type":"text","text":"two","style":{"bold":true}}',
    '{"type":"text","text":"three","style":{"code":true}}',
    '{"type":"link","url":"https://example.org","text":"five"}',
    '"style":"bullet","indent":1',
    '{"type":"text","text":"3. "}',
    '"type":"rich_text_quote"',
    '{"type":"rich_text_preformatted","elements":[{"type":"text","text":"rm -rf @x"}]}',
  ]) {
    expect(text).toContain(part);
  }
});

test("toRichText makes one list of the entries of a list", () => {
  const item = (text: string) => ({ type: "rich_text_section", elements: [{ type: "text", text }] });
  const list = (indent: number, ...texts: string[]) => ({
    type: "rich_text_list",
    style: "bullet",
    indent,
    elements: texts.map(item),
  });
  expect(toRichText(parseMarkdown("- a\n- b\n  - c\n  - d\n- e"))).toEqual({
    type: "rich_text",
    elements: [list(0, "a", "b"), list(1, "c", "d"), list(0, "e")],
  });
});

test("every text is some message that Slack takes, in pieces of 4,000 characters", async () => {
  const { world, lives, now } = begin();
  const hostile = [
    "",
    " \n ",
    "\u0000",
    "\ud800 lone",
    "<!channel> <!here> <@U0BEN> <https://evil.org|bank> & &amp; &lt;",
    "[](https://example.org) **** `` ```\n```",
    "javascript: [x](javascript:alert(1)) [y](tg://x)",
    "a\u0301".repeat(9_000),
    "x".repeat(100_000),
    "> ".repeat(3_000),
    "&".repeat(12_000),
  ];
  const sent = hostile.map((markdown) => outbound(markdown));
  for (const one of sent) now.tell({ kind: "outbound", outbound: one });
  const isDone = (): boolean =>
    lives.gateway.deliveries.filter(({ state }) => state !== "sending").length === sent.length;
  await until(isDone, world.clock, 300_000);
  expect(lives.gateway.deliveries.filter(({ state }) => state === "delivered").length).toBe(sent.length);
  expect(world.slack.violations).toEqual([]);
  expect(world.slack.sent.flatMap(({ pings }) => pings)).toEqual([]);
  expect(
    world.slack.sent.flatMap(({ links }) => links).filter((link) => !link.startsWith("https://example.org")),
  ).toEqual([]);
  for (const { text } of world.slack.sent) expect(text.length).toBeLessThanOrEqual(4_200);
  expect(renderAnswer(outbound(""))[0]?.plain).toBe("(empty message)");
});

test("blocks that Slack refuses become plain text, still without pings", async () => {
  const { world, lives, now } = begin();
  const invalid = { kind: "answer", status: 200, body: '{"ok":false,"error":"invalid_blocks"}' } as const;
  world.slack.fail("chat.postMessage", invalid);
  now.tell({ kind: "outbound", outbound: outbound("**bold** <!here> <@U0BEN>") });
  await until(() => lives.gateway.deliveries.at(-1)?.state === "delivered", world.clock);
  expect(world.slack.sent[0]).toMatchObject({ pings: [], links: [] });
  expect(world.slack.sent[0]?.text.replaceAll("\u2060", "")).toBe("bold <!here> <@U0BEN>");
  world.slack.fail("chat.postMessage", invalid);
  now.tell({ kind: "prompt", prompt: prompt(world, { exact: "ls <!here>" }) });
  await until(() => world.slack.sent.length === 2, world.clock);
  expect(world.slack.sent[1]?.buttons.length).toBe(2);
  expect(world.slack.sent[1]?.pings).toEqual([]);
});

test("an answer stays in its thread; a thread that is none is left out", async () => {
  const { world, now } = begin();
  now.tell({ kind: "outbound", outbound: outbound("a", { thread: "1800000000.000100" }) });
  now.tell({ kind: "outbound", outbound: outbound("b", { thread: "nonsense" }) });
  await until(() => world.slack.sent.length === 2, world.clock);
  expect(world.slack.sent.map(({ thread }) => thread)).toEqual(["1800000000.000100", ""]);
});

test("a request of many messages carries its buttons under the last, and the whole call", async () => {
  const { world, lives, now } = begin();
  const exact = Array.from({ length: 900 }, (_, at) => `line ${at}`).join("\n");
  const request = prompt(world, {
    exact,
    grantOffer: "Allow this for thirty days.",
    thread: "1800000000.000100",
  });
  now.tell({ kind: "prompt", prompt: request });
  await until(() => world.slack.sent.some(({ buttons }) => buttons.length > 0), world.clock, 60_000);
  const sent = world.slack.sent;
  expect(sent.length).toBeGreaterThan(1);
  expect(sent.map(({ buttons }) => buttons.length)).toEqual([...sent.slice(1).map(() => 0), 3]);
  expect(sent.map(({ text }) => text).join("\n")).toContain("line 899");
  expect(sent.every(({ thread }) => thread === request.thread)).toBe(true);
  const { approvalId, conversation, thread } = request;
  const closed = {
    approvalId,
    conversation,
    thread,
    outcome: "Expired. <!here> @ana",
    verdict: "expired",
  } as const;
  now.tell({ kind: "promptClosed", closed });
  await until(() => sent.at(-1)?.buttons.length === 0, world.clock, 60_000);
  expect(sent.at(-1)?.text).toContain("Expired.");
  expect(sent.at(-1)?.pings).toEqual([]);
  expect(lives.log.lines).toEqual([]);
});

test("a request whose message is gone is closed without an error, and not tried for ever", async () => {
  const { world, now } = begin();
  const request = prompt(world, {});
  now.tell({ kind: "prompt", prompt: request });
  await until(() => world.slack.sent.length === 1, world.clock);
  world.slack.sent.length = 0;
  const { approvalId, conversation, thread } = request;
  const closed = { approvalId, conversation, thread, outcome: "Denied.", verdict: "denied" } as const;
  now.tell({ kind: "promptClosed", closed });
  await until(() => false, world.clock, 120_000);
  expect(world.slack.calls.filter((method) => method === "chat.update").length).toBe(1);
});

for (const [word, outcome] of [
  ["ratelimited", { kind: "later", afterMs: 7_000 }],
  ["token_revoked", { kind: "failed", code: "auth" }],
  ["account_inactive", { kind: "failed", code: "auth" }],
  ["not_in_channel", { kind: "failed", code: "blocked" }],
  ["channel_not_found", { kind: "failed", code: "blocked" }],
  ["is_archived", { kind: "failed", code: "blocked" }],
  ["msg_too_long", { kind: "failed", code: "too_long" }],
  ["missing_scope", { kind: "failed", code: "rejected" }],
  ["toString", { kind: "failed", code: "rejected" }],
  ["service_unavailable", { kind: "retry" }],
  ["internal_error", { kind: "unknown" }],
  ["fatal_error", { kind: "unknown" }],
] as const) {
  test(`failureOfWord: a send that Slack refuses with ${word} is ${outcome.kind}`, () => {
    expect(outcomeOf(failureOfWord(word, 7_000))).toEqual(outcome);
  });
}
