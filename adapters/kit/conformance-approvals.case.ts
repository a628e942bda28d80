/** Conformance: approval requests. */
import { expect } from "bun:test";
import { until } from "./life-fake.ts";
import { type Suite, approval } from "./conformance-world.case.ts";

/** Requests show the exact call, can be answered only where they may be, and close visibly. */
export function approvalCases(suite: Suite): void {
  suite.check("shows the exact call with its answers, and closes visibly", async () => {
    const { world, lives, life: now } = suite.begin();
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
    suite.life = lives.start(); // the request is closed by another life than the one that showed it
    const { approvalId, conversation, thread } = prompt;
    const outcome = "Approved by you, here, 14:02:11.";
    suite.life?.tell({
      kind: "promptClosed",
      closed: { approvalId, conversation, thread, outcome, verdict: "approved" },
    });
    await until(() => world.seen()[0]?.buttons.length === 0, world.clock);
    expect(world.seen()[0]?.text).toContain(outcome);
    expect(world.seen()[0]?.text).toContain("rm -rf build");
  });

  suite.check("text of a stranger cannot become a button, a link, markup or a ping", async () => {
    const { world, life: now } = suite.begin();
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

  suite.check("what may not be answered here says where", async () => {
    const { world, life: now } = suite.begin();
    now.tell({
      kind: "prompt",
      prompt: approval(world, { answerable: false, elsewhere: "Answer on the console." }),
    });
    await until(() => world.seen().length === 1, world.clock);
    expect(world.seen()[0]?.buttons.map(({ text }) => text)).toEqual(["Deny"]);
    expect(world.seen()[0]?.text).toContain("Answer on the console.");
  });

  suite.check("a call too long to be shown is not answerable here", async () => {
    const { world, life: now } = suite.begin();
    now.tell({ kind: "prompt", prompt: approval(world, { exact: "x".repeat(50_000) }) });
    await until(() => world.seen().length === 1, world.clock);
    expect(world.seen().flatMap(({ buttons }) => buttons.map(({ text }) => text))).toEqual(["Deny"]);
    expect(world.seen()[0]?.text).toContain("too long");
  });
}
