/**
 * Telegram while processes die: the adapter and the gateway killed with SIGKILL all over a turn, the keeper stopped in
 * order. No message is lost or run twice; what may have been sent is not sent again, and the person is told.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ANA, type Row, TelegramLab } from "../support/telegram-lab.ts";

setDefaultTimeout(120_000);

/** Milliseconds after a message at which the adapter dies: before the poll answers, in the turn, while sending, after. */
const MOMENTS = [0, 3, 8, 15, 25, 40, 60, 90];

describe("the adapter is killed", () => {
  let lab: TelegramLab;
  beforeAll(async () => {
    lab = new TelegramLab();
    await lab.run();
    await lab.pairAna();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("at many moments of a turn: each message runs once, each answer leaves once or is said to be unknown", async () => {
    for (const [at, moment] of MOMENTS.entries()) {
      lab.say(ANA, `write ${at} to file-${at}.txt`);
      await Bun.sleep(moment);
      await lab.kill("telegram");
    }
    const turns = await lab.until(async () => {
      const rows = await lab.rows("--kind", "turn_ended");
      return rows.length >= MOMENTS.length && rows;
    }, "every turn");
    expect(turns.length).toBe(MOMENTS.length);
    await settled(lab);
    await onceOrTold(lab);
    await lab.ok("audit", "verify");
  });

  test("while Telegram holds the answer back: not sent again, a row says unknown, the person is told", async () => {
    const before = lab.api.sent.length;
    const release = lab.api.hold("sendMessage");
    lab.say(ANA, "hello");
    await release.reached;
    await lab.kill("telegram");
    release.go();
    await lab.heard(/may or may not have arrived/, before);
    await settled(lab);
    await onceOrTold(lab);
    const answers = lab.api.sent.slice(before).filter(({ text }) => /rehearsal script/.test(text));
    expect(answers.length).toBeLessThanOrEqual(1);
  });

  test("and so is the gateway: the record verifies and nothing is repeated", async () => {
    for (const moment of [5, 20, 40]) {
      const before = (await lab.rows("--kind", "inbound")).length;
      lab.say(ANA, `write ${moment} to again.txt`);
      await Bun.sleep(moment);
      await lab.kill("gateway");
      await lab.until(async () => (await lab.rows("--kind", "inbound")).length === before + 1, "the row");
    }
    await settled(lab);
    await onceOrTold(lab);
    await lab.ok("audit", "verify");
  });

  test("the keeper stops within ten seconds and goes on where it was", async () => {
    const before = lab.api.sent.length;
    const { code, tookMs } = await lab.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
    lab.say(ANA, "/status");
    await lab.run();
    await lab.heard(/Agent default/, before);
    await lab.until(() => lab.api.unconfirmed === 0, "the cursor to move");
    expect(lab.api.sent.length).toBe(before + 1);
  });
});

/** Waits until every message to the adapter has an end. */
async function settled(lab: TelegramLab): Promise<void> {
  await lab.until(async () => {
    const rows = await lab.rows();
    const ended = endings(rows);
    return rows
      .filter(({ kind }) => kind === "outbound")
      .every((row) => ended.has(String(row.payload["outbound"])));
  }, "every delivery's end");
}

function endings(rows: readonly Row[]): Map<string, string> {
  const ends = new Map<string, string>();
  for (const { kind, payload } of rows) {
    if (kind !== "delivery" || payload["state"] === "sending") continue;
    ends.set(String(payload["outbound"]), String(payload["state"]));
  }
  return ends;
}

/** What the record says of each message is what Telegram saw. */
async function onceOrTold(lab: TelegramLab): Promise<void> {
  const rows = await lab.rows();
  const ends = endings(rows);
  const inbound = rows.filter(({ kind, payload }) => kind === "inbound" && payload["kind"] === "message");
  const heard = rows.filter(({ kind }) => kind === "user_message").map(({ payload }) => payload["inbound"]);
  expect(new Set(heard).size).toBe(heard.length);
  expect(inbound.length).toBe(heard.length);
  const texts = lab.api.sent.map(({ text }) => text);
  for (const row of rows) {
    if (row.kind !== "outbound") continue;
    const text = String(row.content?.["text"]);
    const made = rows.filter((other) => other.kind === "outbound" && other.content?.["text"] === text);
    const states = made.map(({ payload }) => ends.get(String(payload["outbound"])));
    const seen = texts.filter((one) => bare(one) === bare(text)).length;
    expect(seen).toBeGreaterThanOrEqual(states.filter((state) => state === "delivered").length);
    expect(seen).toBeLessThanOrEqual(states.length);
  }
  const unknown = rows.filter(
    ({ kind, payload }) =>
      kind === "outbound" &&
      payload["purpose"] === "answer" &&
      ends.get(String(payload["outbound"])) === "unknown",
  );
  const told = texts.filter((text) => /may or may not have arrived/.test(text)).length;
  expect(told).toBeGreaterThanOrEqual(unknown.length === 0 ? 0 : 1);
  expect(lab.api.violations).toEqual([]);
}

/** Letters and digits alone: what is left of a text on every platform. */
function bare(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, "");
}
