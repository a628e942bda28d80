import { describe, expect, test } from "bun:test";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { err } from "#contracts/result.ts";
import { AuthenticatedChannel } from "./authenticated-channel.ts";

const PEER: RegisteredPeer = {
  peerId: "slack:eu",
  role: "adapter",
  channel: "slack",
  instance: "slack:eu",
  publicKey: "",
};

function channel() {
  const made = AuthenticatedChannel.of(PEER);
  if (made === undefined) throw new Error("no channel");
  return made;
}

describe("AuthenticatedChannel", () => {
  test("matches its own channel and instance alone", () => {
    const own = channel();
    const match = own.requireMatch("slack", "slack:eu");
    expect(match.ok && AuthenticatedChannel.is(match.value, "slack")).toBe(true);
    const claims: readonly (readonly [string, string])[] = [
      ["slack", "slack"],
      ["slack", ""],
      ["telegram", "slack:eu"],
      ["Slack", "slack:eu"],
      ["", ""],
      ["slack", "slack:eu "],
    ];
    for (const [kind, instance] of claims) {
      expect(own.requireMatch(kind, instance)).toEqual(
        err({
          code: "channel_mismatch",
          actual: { channel: "slack", instance: "slack:eu" },
          claimed: { channel: kind, instance },
        }),
      );
    }
  });

  test("is made for adapters of a known channel alone", () => {
    for (const role of ["signer", "console", "mcp"] as const) {
      expect(AuthenticatedChannel.of({ ...PEER, role })).toBeUndefined();
    }
    expect(AuthenticatedChannel.of({ ...PEER, channel: "smoke" })).toBeUndefined();
  });

  test("cannot be made up or changed", () => {
    const own = channel();
    expect(AuthenticatedChannel.is(own, "slack")).toBe(true);
    expect(AuthenticatedChannel.is(own, "telegram")).toBe(false);
    const fakes = [
      structuredClone({ channel: "slack", instance: "slack:eu" }),
      Object.create(AuthenticatedChannel.prototype, { channel: { value: "slack" } }),
      new Proxy(own, {}),
      undefined,
      "slack",
    ];
    for (const fake of fakes) expect(AuthenticatedChannel.is(fake, "slack")).toBe(false);
    expect(() => Reflect.construct(AuthenticatedChannel, [Symbol("x"), "slack", "slack", "p"])).toThrow(
      TypeError,
    );
    expect(Reflect.set(own, "channel", "telegram")).toBe(false);
    expect(own.channel).toBe("slack");
  });
});
