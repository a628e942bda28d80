/** Channels as an operator handles them: added while the program runs, several, revoked, removed; and what they weigh. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { wirken } from "../support/binary.ts";
import { systemClock } from "#runtime/clock.ts";
import { BotApiFake, FAKE_TOKEN } from "../support/telegram-fake/bot-api.ts";
import { ANA, TelegramLab } from "../support/telegram-lab.ts";

setDefaultTimeout(60_000);

interface ChannelView {
  readonly instance: string;
  readonly state: string;
  readonly detail: string;
  readonly paired: number;
}

async function channel(lab: TelegramLab, instance = "telegram"): Promise<ChannelView | undefined> {
  const list = await lab.json<readonly ChannelView[]>("channel", "list");
  return list.find((view) => view.instance === instance);
}

describe("wirken channel", () => {
  test("add says what to do next, remove stops the process and forgets who was paired", async () => {
    await using lab = new TelegramLab();
    await lab.run();
    const added = await lab.addChannel();
    expect(added.stdout).toContain("connected: the bot is @wirken_bot");
    expect(added.stdout).toMatch(/from your own account send @wirken_bot: \/start [A-Z2-9]{8}\n/);
    expect(added.stdout + added.stderr).not.toContain(FAKE_TOKEN);
    await lab.until(async () => (await channel(lab))?.state === "ready", "the channel to be ready");
    const code = /\/start ([A-Z0-9]{8})/.exec(added.stdout)?.[1] ?? "";
    lab.say(ANA, code.toLowerCase());
    await lab.heard(/^Paired/);
    expect((await channel(lab))?.paired).toBe(1);
    const pid = (await lab.pidOf("telegram")) ?? 0;
    await lab.ok("channel", "remove", "telegram");
    await lab.until(() => !existsSync(`/proc/${pid}`), "the adapter to end");
    expect(await channel(lab)).toBeUndefined();
    expect((await lab.roles()).map(({ peerId }) => peerId)).not.toContain("telegram");
    expect(await lab.ok("credentials", "list")).not.toContain("telegram");
    await lab.addChannel();
    const before = lab.api.sent.length;
    lab.say(ANA, "hello");
    await lab.heard(/does not know you/, before);
  });

  test("a revoked token is shown, and a new one mends it", async () => {
    await using lab = new TelegramLab();
    await lab.run();
    await lab.addChannel();
    await lab.until(async () => (await channel(lab))?.state === "ready", "the channel to be ready");
    lab.api.revoked = true;
    lab.say(ANA, "wakes the poll");
    await lab.until(async () => (await channel(lab))?.state === "rejected", "the refusal");
    expect((await channel(lab))?.detail).toContain("Telegram refused the bot token");
    expect(await lab.ok("status")).toContain("telegram rejected: Telegram refused the bot token");
    const again = await lab.addChannel();
    expect({ code: again.code, told: again.stderr.includes("does not know this token") }).toEqual({
      code: again.code,
      told: true,
    });
    expect(again.code).not.toBe(0);
    lab.api.revoked = false;
    expect((await lab.addChannel()).code).toBe(0);
    await lab.until(async () => (await channel(lab))?.state === "ready", "the channel to be ready again");
  });

  test("a server that is not Telegram is told apart, and an open base is refused", async () => {
    await using lab = new TelegramLab();
    using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<html>no</html>") });
    const words = ["channel", "add", "telegram", "--token-stdin", "--api-base"];
    const odd = await wirken(lab.home, [...words, new URL(other.url).origin], { stdin: FAKE_TOKEN });
    expect(odd.code).not.toBe(0);
    expect(odd.stderr).not.toContain(FAKE_TOKEN);
    const open = await wirken(lab.home, [...words, "http://example.com"], { stdin: FAKE_TOKEN });
    expect(open.code).toBe(64);
    const offline = await lab.addChannel();
    expect(offline.stdout).toMatch(/next: start it with `wirken run`/);
  });

  test("nine idle adapters beside a gateway: what they weigh", async () => {
    await using lab = new TelegramLab();
    await lab.run();
    const names = ["telegram", ...Array.from({ length: 8 }, (_, at) => `telegram:n${at}`)];
    using stack = new DisposableStack();
    for (const name of names) {
      const server = new BotApiFake(systemClock).serve(); // a bot has one poller: a second one is refused
      stack.defer(() => void server.stop(true));
      expect((await lab.addChannel(name, new URL(server.url).origin)).code).toBe(0);
    }
    await lab.until(async () => {
      const states = await lab.json<readonly ChannelView[]>("channel", "list");
      return states.filter(({ state, instance }) => state === "ready" && instance !== "webchat").length === 9;
    }, "nine ready channels");
    await Bun.sleep(4_000);
    const roles = await lab.roles();
    const mib = (peer: string): number => pssOf(roles.find(({ peerId }) => peerId === peer)?.pid ?? 0);
    const figures = roles.map(({ peerId }) => [peerId, mib(peerId).toFixed(1)]);
    const adapters = names.map(mib);
    const all = roles.reduce((sum, { peerId }) => sum + mib(peerId), 0) + pssOf(lab.running.pid);
    process.stdout.write(`pss MiB ${JSON.stringify(figures)} keeper ${pssOf(lab.running.pid).toFixed(1)}\n`);
    process.stdout.write(`adapter max ${Math.max(...adapters).toFixed(1)}, all ${all.toFixed(1)}\n`);
    expect(Math.max(...adapters)).toBeLessThan(12);
    expect(all).toBeLessThan(175); // the aim is 160; the share of common pages varies with what else runs here
  });
});

/** Proportional memory of a process in MiB. */
function pssOf(pid: number): number {
  const text = readFileSync(join("/proc", String(pid), "smaps_rollup"), "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1_024;
}
