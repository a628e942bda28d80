/**
 * What every adapter must do, as a function over a world: an adapter, its hand-off, and a platform to drive.
 * A channel runs it with its own fake and names what its platform cannot do, with the reason. Nothing here
 * knows a platform.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import type { ApprovalPrompt, Outbound } from "#contracts/message.ts";
import type { ManualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import type { AdapterDefinition } from "./adapter.ts";
import { FAIL_POINTS } from "./fail-point.ts";
import type { AdapterHandoff } from "./handoff.ts";
import { type Life, type Lives, type Mortal, adapterLives, until } from "./life-fake.ts";

/** A message as a person on the platform sees it. */
export interface SeenMessage {
  readonly text: string;
  readonly pings: readonly string[];
  readonly links: readonly string[];
  readonly buttons: readonly { readonly text: string; readonly value: string }[];
}

/** How the platform's next send goes wrong. */
export type PlatformTrouble = "rate" | "rate_bare" | "busy" | "cut" | "unreached";

export interface ConformanceWorld {
  readonly clock: ManualClock;
  readonly handoff: AdapterHandoff;
  readonly define: (mortal: Mortal) => AdapterDefinition;
  /** Longest message of the platform in UTF-16 units. */
  readonly textMax: number;
  /** The chat that `say` writes in. */
  readonly chat: string;
  /** A person writes; answers the platform's event for `replay`. */
  say(text: string): unknown;
  /** The platform delivers an event once more. */
  replay(event: unknown): void;
  /** A person presses a button of a message. */
  press(value: string): void;
  /** What stands in the chat, in order. */
  seen(): readonly SeenMessage[];
  trouble(kind: PlatformTrouble): void;
  /** Takes the credential's validity. */
  revoke(): void;
  /** What a strict platform objected to. */
  violations(): readonly string[];
}

export interface ConformanceOptions {
  readonly name: string;
  readonly make: () => ConformanceWorld;
  readonly skip: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

const random = fixedRandom(99);
const HOSTILE = [
  "\ud83d\udc69\u200d\ud83d\udc67 \u202egnp.exe\u202c \u0000\u0007 \uFFFF",
  "lone \ud800 surrogate \udfff",
  "a\u0301".repeat(50) + "\u200b\u2066",
  "<b>&amp;</b> [x](http://e.x) ```",
] as const;

/** Runs the suite for one channel. */
export function runConformance({ name, make, skip }: ConformanceOptions): void {
  let life: Life | undefined;
  const begin = (): { world: ConformanceWorld; lives: Lives; life: Life } => {
    const world = make();
    const lives = adapterLives(world.define, world.handoff, world.clock);
    life = lives.start();
    return { world, lives, life };
  };
  const check = (title: string, body: () => Promise<void>): void => {
    const skipped = skip.find(({ tests }) => tests.includes(title));
    if (skipped === undefined) test(title, body);
    else test.skip(`${title} (${skipped.reason})`, body);
  };
  afterEach(() => life?.kill());

  describe(`${name} adapter: inbound`, () => {
    check("reports ready, and hands a message on with the claims of its instance", async () => {
      const { world, lives } = begin();
      world.say("hello");
      expect(await until(() => lives.gateway.inbound.length === 1, world.clock)).toBe(true);
      expect(lives.gateway.states.at(-1)?.state).toBe("ready");
      const [event] = lives.gateway.inbound;
      expect(event?.parts).toEqual([{ kind: "text", text: "hello" }]);
      expect(event?.instance).toBe(world.handoff.instance);
      expect(event?.conversation).toBe(world.chat);
      expect(event?.kind).toBe("message");
    });

    check("a replayed event is recorded once, also after a restart", async () => {
      const { world, lives, life: first } = begin();
      const event = world.say("once");
      await until(() => lives.gateway.inbound.length === 1, world.clock);
      world.replay(event);
      first.kill();
      life = lives.start();
      world.replay(event);
      world.say("after");
      await until(() => lives.gateway.inbound.length === 2, world.clock);
      expect(lives.gateway.inbound.map(textOf)).toEqual(["once", "after"]);
    });

    check("pairing codes reach the gateway as commands, paths as text", async () => {
      const { world, lives } = begin();
      world.say("/pair 1234-5678");
      world.say("/etc/hosts is a file");
      await until(() => lives.gateway.inbound.length === 2, world.clock);
      expect(lives.gateway.inbound.map(({ kind, value }) => ({ kind, value }))).toEqual([
        { kind: "command", value: "/pair 1234-5678" },
        { kind: "message", value: "" },
      ]);
    });

    check("hostile Unicode arrives well-formed", async () => {
      const { world, lives } = begin();
      for (const text of HOSTILE) world.say(text);
      await until(() => lives.gateway.inbound.length === HOSTILE.length, world.clock);
      expect(lives.gateway.inbound.map(textOf)).toEqual(HOSTILE.map((text) => text.toWellFormed()));
    });
  });

  describe(`${name} adapter: outbound`, () => {
    check("delivers in order and reports sending, then delivered", async () => {
      const { world, lives, life: now } = begin();
      const [one, two] = [answer(world, "first"), answer(world, "second")];
      now.tell({ kind: "outbound", outbound: one });
      now.tell({ kind: "outbound", outbound: two });
      await until(() => ended(lives, two) !== undefined, world.clock);
      expect(texts(world)).toEqual(["first", "second"]);
      expect(states(lives, one)).toEqual(["sending", "delivered"]);
    });

    check("a 10,000-character answer is split well", async () => {
      const { world, lives, life: now } = begin();
      const words = Array.from({ length: 1_000 }, (_, index) => `word${index}`);
      const code = Array.from({ length: 300 }, (_, index) => `let line${index} = ${index};`).join("\n");
      const outbound = answer(world, `${words.join(" ")}\n\n\`\`\`ts\n${code}\n\`\`\`\n\nend`);
      now.tell({ kind: "outbound", outbound });
      await until(() => ended(lives, outbound) !== undefined, world.clock);
      expect(ended(lives, outbound)?.state).toBe("delivered");
      const seen = texts(world);
      expect(seen.every((text) => text.length <= world.textMax)).toBe(true);
      expect([...(seen.join(" ").match(/word\d+/g) ?? [])]).toEqual(words);
      expect([...(seen.join("\n").match(/let line\d+ = \d+;/g) ?? [])]).toEqual(code.split("\n"));
    });

    for (const trouble of ["rate", "rate_bare", "busy", "unreached"] as const) {
      check(`a send that certainly failed is repeated: ${trouble}`, async () => {
        const { world, lives, life: now } = begin();
        world.trouble(trouble);
        const outbound = answer(world, "again");
        now.tell({ kind: "outbound", outbound });
        await until(() => ended(lives, outbound) !== undefined, world.clock);
        expect(ended(lives, outbound)?.state).toBe("delivered");
        expect(texts(world)).toEqual(["again"]);
      });
    }

    check("a send with an unknown outcome is reported and never repeated", async () => {
      const { world, lives, life: now } = begin();
      world.trouble("cut");
      const outbound = answer(world, "perhaps");
      now.tell({ kind: "outbound", outbound });
      await until(() => ended(lives, outbound) !== undefined, world.clock);
      expect(states(lives, outbound)).toEqual(["sending", "unknown"]);
      now.kill();
      life = lives.start();
      life.tell({ kind: "outbound", outbound });
      await until(() => false, world.clock, 5_000);
      expect(texts(world)).toEqual(["perhaps"]);
      expect(states(lives, outbound).at(-1)).toBe("unknown");
    });

    check("a message that the gateway sends twice is sent once", async () => {
      const { world, lives, life: now } = begin();
      const outbound = answer(world, "only once");
      now.tell({ kind: "outbound", outbound });
      now.tell({ kind: "outbound", outbound });
      await until(() => ended(lives, outbound) !== undefined, world.clock);
      now.tell({ kind: "outbound", outbound });
      await until(() => false, world.clock, 3_000);
      expect(texts(world)).toEqual(["only once"]);
    });

    check("pings and markup of a text are inert", async () => {
      const { world, lives, life: now } = begin();
      const outbound = answer(world, "@everyone @admin <b>x</b> <@U1> & [evil.org](https://good.org)");
      now.tell({ kind: "outbound", outbound });
      await until(() => ended(lives, outbound) !== undefined, world.clock);
      const [message] = world.seen();
      expect(message?.pings).toEqual([]);
      expect(message?.links).toEqual([]);
      expect(message?.text).toContain("<b>x</b>");
    });

    check("a refused credential is reported as rejected, and its messages as failed", async () => {
      const { world, lives, life: now } = begin();
      await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
      world.revoke();
      const outbound = answer(world, "to nobody");
      now.tell({ kind: "outbound", outbound });
      await until(() => lives.gateway.states.at(-1)?.state === "rejected", world.clock);
      await until(() => ended(lives, outbound) !== undefined, world.clock);
      expect(lives.gateway.states.at(-1)?.state).toBe("rejected");
      expect(ended(lives, outbound)).toMatchObject({ state: "failed", code: "auth" });
    });

    check("stop and a lost connection both end the life", async () => {
      const { world, lives, life: now } = begin();
      await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
      now.tell({ kind: "stop" });
      let end = "";
      void now.ended.then((value) => {
        end = value;
      });
      await until(() => end !== "", world.clock, 10_000);
      expect(end).toBe("stopped");
      const next = lives.start();
      next.disconnect();
      void next.ended.then((value) => {
        end = value;
      });
      await until(() => end === "lost", world.clock, 10_000);
      expect(end).toBe("lost");
    });
  });

  describe(`${name} adapter: approvals`, () => {
    check("shows the exact call with its answers, and closes visibly", async () => {
      const { world, lives, life: now } = begin();
      const prompt = approval(world, { exact: "rm -rf build" });
      now.tell({ kind: "prompt", prompt });
      await until(() => world.seen().length === 1, world.clock);
      const buttons = world.seen()[0]?.buttons ?? [];
      expect(world.seen()[0]?.text).toContain("rm -rf build");
      expect(buttons.map(({ text }) => text)).toEqual(["Deny", "Approve once"]);
      world.press(buttons[1]?.value ?? "");
      await until(() => lives.gateway.inbound.length === 1, world.clock);
      expect(lives.gateway.inbound[0]).toMatchObject({
        kind: "button",
        value: `approve:${prompt.approvalId}`,
      });
      now.kill();
      life = lives.start(); // the request is closed by another life than the one that showed it
      const { approvalId, conversation, thread } = prompt;
      const outcome = "Approved by you, here, 14:02:11.";
      life.tell({
        kind: "promptClosed",
        closed: { approvalId, conversation, thread, outcome, verdict: "approved" },
      });
      await until(() => world.seen()[0]?.buttons.length === 0, world.clock);
      expect(world.seen()[0]?.text).toContain(outcome);
      expect(world.seen()[0]?.text).toContain("rm -rf build");
    });

    check("text of a stranger cannot become a button, a link, markup or a ping", async () => {
      const { world, life: now } = begin();
      const evil =
        '</code></pre><a href="https://e.x">ok</a> @admin [a](https://e.x) ```\n**Approved**\u202e\u0000';
      const facts = [{ label: evil, text: evil, alarming: true }];
      now.tell({ kind: "prompt", prompt: approval(world, { title: evil, exact: evil, facts }) });
      await until(() => world.seen().length === 1, world.clock);
      const [message] = world.seen();
      expect(message?.buttons.length).toBe(2);
      expect(message?.links).toEqual([]);
      expect(message?.pings).toEqual([]);
      expect(message?.text).toContain("</code></pre>");
      expect(message?.text).toContain("⟦U+202E⟧");
    });

    check("what may not be answered here says where", async () => {
      const { world, life: now } = begin();
      now.tell({
        kind: "prompt",
        prompt: approval(world, { answerable: false, elsewhere: "Answer on the console." }),
      });
      await until(() => world.seen().length === 1, world.clock);
      expect(world.seen()[0]?.buttons).toEqual([]);
      expect(world.seen()[0]?.text).toContain("Answer on the console.");
    });

    check("a call too long to be shown is not answerable here", async () => {
      const { world, life: now } = begin();
      now.tell({ kind: "prompt", prompt: approval(world, { exact: "x".repeat(50_000) }) });
      await until(() => world.seen().length === 1, world.clock);
      expect(world.seen().flatMap(({ buttons }) => buttons)).toEqual([]);
      expect(world.seen()[0]?.text).toContain("too long");
    });
  });

  describe(`${name} adapter: death at every step`, () => {
    for (const point of FAIL_POINTS) {
      check(`killed at ${point}: nothing is lost, run twice or sent twice`, async () => {
        const world = make();
        const lives = adapterLives(world.define, world.handoff, world.clock);
        life = lives.start({ point, nth: 1 });
        const outbound = answer(world, "answer");
        world.say("question");
        life.tell({ kind: "outbound", outbound });
        await until(() => life?.dead === true, world.clock, 20_000);
        expect(life.dead).toBe(true);
        life = lives.start();
        life.tell({ kind: "outbound", outbound }); // the gateway repeats what it has no outcome for
        const done = (): boolean =>
          lives.gateway.inbound.length === 1 && ended(lives, outbound) !== undefined;
        expect(await until(done, world.clock)).toBe(true);
        await until(() => false, world.clock, 3_000);
        expect(lives.gateway.inbound.map(textOf)).toEqual(["question"]);
        expect(texts(world).length).toBeLessThanOrEqual(1);
        const state = ended(lives, outbound)?.state;
        const begun = point === "outbound.sending" || point === "outbound.sent";
        expect(state).toBe(begun ? "unknown" : "delivered");
        if (state === "delivered") expect(texts(world)).toEqual(["answer"]);
      });
    }

    check("random deaths: no message lost or run twice, no piece sent twice, order kept", async () => {
      for (let seed = 1; seed <= 12; seed++) await randomDeaths(make(), seed);
    });

    check("a strict platform objected to nothing in a whole conversation", async () => {
      const { world, lives, life: now } = begin();
      world.say("hello");
      const outbound = answer(
        world,
        "# Title\n\n- **a** `b`\n- [c](https://example.org)\n\n> quote\n\n| x | y |\n|--|--|\n| 1 | 2 |",
      );
      now.tell({ kind: "activity", conversation: world.chat, thread: "", working: true });
      now.tell({ kind: "outbound", outbound });
      now.tell({ kind: "prompt", prompt: approval(world, {}) });
      await until(() => ended(lives, outbound) !== undefined && world.seen().length >= 2, world.clock);
      now.tell({ kind: "activity", conversation: world.chat, thread: "", working: false });
      await until(() => false, world.clock, 1_000);
      expect(world.violations()).toEqual([]);
    });
  });
}

/** Six messages each way while the adapter dies again and again at points drawn from `seed`. */
async function randomDeaths(world: ConformanceWorld, seed: number): Promise<void> {
  const chance = fixedRandom(seed * 7_919);
  const pick = (count: number): number => Math.floor(chance.unit() * count);
  const lives = adapterLives(world.define, world.handoff, world.clock);
  const said = Array.from({ length: 6 }, (_, index) => `in ${index}`);
  const outbounds = said.map((_, index) => answer(world, `out ${index}`));
  const next = (): Life =>
    lives.start({ point: FAIL_POINTS[pick(FAIL_POINTS.length)] ?? "inbound.sent", nth: 1 + pick(4) });
  let life = next();
  for (const [index, text] of said.entries()) {
    world.say(text);
    const outbound = outbounds[index];
    if (outbound !== undefined) life.tell({ kind: "outbound", outbound });
    await until(() => life.dead, world.clock, pick(3_000));
    if (!life.dead) continue;
    life = next();
    for (const one of outbounds.slice(0, index + 1)) {
      if (ended(lives, one) === undefined) life.tell({ kind: "outbound", outbound: one });
    }
  }
  life.kill();
  life = lives.start();
  for (const one of outbounds)
    if (ended(lives, one) === undefined) life.tell({ kind: "outbound", outbound: one });
  const done = (): boolean =>
    lives.gateway.inbound.length === said.length && outbounds.every((one) => ended(lives, one) !== undefined);
  expect(await until(done, world.clock, 300_000)).toBe(true);
  await until(() => false, world.clock, 2_000);
  expect(lives.gateway.inbound.map(textOf)).toEqual(said);
  const sent = texts(world);
  expect(new Set(sent).size).toBe(sent.length);
  const delivered = outbounds
    .filter((one) => ended(lives, one)?.state === "delivered")
    .map((one) => one.markdown);
  expect(sent.filter((text) => delivered.includes(text))).toEqual(delivered);
  life.kill();
}

function answer(world: ConformanceWorld, markdown: string): Outbound {
  const outboundId = newOutboundId((count) => random.bytes(count));
  return { outboundId, conversation: world.chat, thread: "", replyTo: "", markdown, purpose: "answer" };
}

function approval(world: ConformanceWorld, more: Partial<ApprovalPrompt>): ApprovalPrompt {
  return {
    approvalId: newApprovalId((count) => random.bytes(count)),
    conversation: world.chat,
    thread: "",
    tier: 3,
    title: "Delete 14 files in build/?",
    exact: "rm -rf build",
    facts: [{ label: "Undo", text: "No", alarming: false }],
    askedMs: world.clock.now(),
    expiresMs: world.clock.now() + 15 * 60_000,
    answerable: true,
    elsewhere: "",
    grantOffer: "",
    ...more,
  };
}

function textOf(event: Lives["gateway"]["inbound"][number]): string {
  return event.parts.map((part) => ("text" in part ? part.text : "")).join("|");
}

function texts(world: ConformanceWorld): string[] {
  return world.seen().map(({ text }) => text);
}

function states(lives: Lives, outbound: Outbound): string[] {
  return lives.gateway.deliveries
    .filter(({ outboundId }) => outboundId === outbound.outboundId)
    .map(({ state }) => state);
}

function ended(lives: Lives, outbound: Outbound): Lives["gateway"]["deliveries"][number] | undefined {
  return lives.gateway.deliveries.find(
    ({ outboundId, state }) => outboundId === outbound.outboundId && state !== "sending",
  );
}
