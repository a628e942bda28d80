/** Conformance: what an adapter sends. */
import { expect } from "bun:test";
import { until } from "./life-fake.ts";
import { type Suite, answer, ended, states, texts } from "./conformance-world.case.ts";

/** Messages arrive in order, once, split and inert; failures are what they are. */
export function outboundCases(suite: Suite): void {
  suite.check("delivers in order and reports sending, then delivered", async () => {
    const { world, lives, life: now } = suite.begin();
    const [one, two] = [answer(world, "first"), answer(world, "second")];
    now.tell({ kind: "outbound", outbound: one });
    now.tell({ kind: "outbound", outbound: two });
    await until(() => ended(lives, two) !== undefined, world.clock);
    expect(texts(world)).toEqual(["first", "second"]);
    expect(states(lives, one)).toEqual(["sending", "delivered"]);
  });

  suite.check("a 10,000-character answer is split well", async () => {
    const { world, lives, life: now } = suite.begin();
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
    suite.check(`a send that certainly failed is repeated: ${trouble}`, async () => {
      const { world, lives, life: now } = suite.begin();
      world.trouble(trouble);
      const outbound = answer(world, "again");
      now.tell({ kind: "outbound", outbound });
      await until(() => ended(lives, outbound) !== undefined, world.clock);
      expect(ended(lives, outbound)?.state).toBe("delivered");
      expect(texts(world)).toEqual(["again"]);
    });
  }

  suite.check("a send with an unknown outcome is reported and never repeated", async () => {
    const { world, lives, life: now } = suite.begin();
    world.trouble("cut");
    const outbound = answer(world, "perhaps");
    now.tell({ kind: "outbound", outbound });
    await until(() => ended(lives, outbound) !== undefined, world.clock);
    expect(states(lives, outbound)).toEqual(["sending", "unknown"]);
    now.kill();
    suite.life = lives.start();
    suite.life?.tell({ kind: "outbound", outbound });
    await until(() => false, world.clock, 5_000);
    expect(texts(world)).toEqual(["perhaps"]);
    expect(states(lives, outbound).at(-1)).toBe("unknown");
  });

  suite.check("a message that the gateway sends twice is sent once", async () => {
    const { world, lives, life: now } = suite.begin();
    const outbound = answer(world, "only once");
    now.tell({ kind: "outbound", outbound });
    now.tell({ kind: "outbound", outbound });
    await until(() => ended(lives, outbound) !== undefined, world.clock);
    now.tell({ kind: "outbound", outbound });
    await until(() => false, world.clock, 3_000);
    expect(texts(world)).toEqual(["only once"]);
  });

  suite.check("pings and markup of a text are inert", async () => {
    const { world, lives, life: now } = suite.begin();
    const outbound = answer(world, "@everyone @admin <b>x</b> <@U1> & [evil.org](https://good.org)");
    now.tell({ kind: "outbound", outbound });
    await until(() => ended(lives, outbound) !== undefined, world.clock);
    const [message] = world.seen();
    expect(message?.pings).toEqual([]);
    expect(message?.links).toEqual([]);
    expect(message?.text).toContain("<b>x</b>");
  });

  suite.check("a refused credential is reported as rejected, and its messages as failed", async () => {
    const { world, lives, life: now } = suite.begin();
    await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
    world.revoke();
    const outbound = answer(world, "to nobody");
    now.tell({ kind: "outbound", outbound });
    await until(() => lives.gateway.states.at(-1)?.state === "rejected", world.clock);
    await until(() => ended(lives, outbound) !== undefined, world.clock);
    expect(lives.gateway.states.at(-1)?.state).toBe("rejected");
    expect(ended(lives, outbound)).toMatchObject({ state: "failed", code: "auth" });
  });

  suite.check("stop and a lost connection both end the life", async () => {
    const { world, lives, life: now } = suite.begin();
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
}
