/** Conformance: what an adapter hands on. */
import { expect } from "bun:test";
import { until } from "./life-fake.ts";
import { type Suite, textOf } from "./conformance-world.case.ts";

const HOSTILE = [
  "\ud83d\udc69\u200d\ud83d\udc67 \u202egnp.exe\u202c \u0000\u0007 \uFFFF",
  "lone \ud800 surrogate \udfff",
  "a\u0301".repeat(50) + "\u200b\u2066",
  "<b>&amp;</b> [x](http://e.x) ```",
] as const;

/** Events reach the gateway once, whole and marked as what they are. */
export function inboundCases(suite: Suite): void {
  suite.check("reports ready, and hands a message on with the claims of its instance", async () => {
    const { world, lives } = suite.begin();
    world.say("hello");
    expect(await until(() => lives.gateway.inbound.length === 1, world.clock)).toBe(true);
    expect(lives.gateway.states.at(-1)?.state).toBe("ready");
    const [event] = lives.gateway.inbound;
    expect(event?.parts).toEqual([{ kind: "text", text: "hello" }]);
    expect(event?.instance).toBe(world.handoff.instance);
    expect(event?.conversation).toBe(world.chat);
    expect(event?.kind).toBe("message");
  });

  suite.check("a replayed event is recorded once, also after a restart", async () => {
    const { world, lives, life: first } = suite.begin();
    const event = world.say("once");
    await until(() => lives.gateway.inbound.length === 1, world.clock);
    world.replay(event);
    first.kill();
    suite.life = lives.start();
    world.replay(event);
    world.say("after");
    await until(() => lives.gateway.inbound.length === 2, world.clock);
    expect(lives.gateway.inbound.map(textOf)).toEqual(["once", "after"]);
  });

  suite.check("pairing codes reach the gateway as commands, paths as text", async () => {
    const { world, lives } = suite.begin();
    world.say("/pair 1234-5678");
    world.say("/etc/hosts is a file");
    await until(() => lives.gateway.inbound.length === 2, world.clock);
    expect(lives.gateway.inbound.map(({ kind, value }) => ({ kind, value }))).toEqual([
      { kind: "command", value: "/pair 1234-5678" },
      { kind: "message", value: "" },
    ]);
  });

  suite.check("hostile Unicode arrives well-formed", async () => {
    const { world, lives } = suite.begin();
    for (const text of HOSTILE) world.say(text);
    await until(() => lives.gateway.inbound.length === HOSTILE.length, world.clock);
    expect(lives.gateway.inbound.map(textOf)).toEqual(HOSTILE.map((text) => text.toWellFormed()));
  });
}
