/** The happy way against a Bot API server that we did not write (telegram-test-api), over real HTTP and real time. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { newOutboundId } from "#contracts/ids.ts";
import { noFailPoint } from "#kit/fail-point.ts";
import { fakeGateway } from "#kit/gateway-fake.ts";
import { runAdapter } from "#kit/main.ts";
import { memoryDisk, memorySpool, memoryState } from "#kit/memory-state.ts";
import { systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { FAKE_TOKEN } from "#test/support/telegram-fake/bot-api.ts";
import { telegram } from "./main.ts";
import { telegramHandoff } from "./world.case.ts";

// Its types lean on packages that are not installed; a plain require gives the class.
const TelegramServer = createRequire(import.meta.url)("telegram-test-api");
const port = 20_000 + (process.pid % 20_000);
const server = new TelegramServer({ port, host: "127.0.0.1" });

beforeAll(() => server.start());
afterAll(() => server.stop());

async function eventually(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !done(); tries++) await systemClock.sleep(20);
}

test("a message comes in, an answer and a button's press go round", async () => {
  const gateway = fakeGateway();
  const disk = memoryDisk();
  const { link, tell } = gateway.connect();
  const running = runAdapter({
    define: telegram,
    handoff: telegramHandoff({ "api-base": `http://127.0.0.1:${port}` }),
    link,
    clock: systemClock,
    random: systemRandom,
    log: memoryLog(),
    state: memoryState(disk),
    spool: memorySpool(disk),
    failPoint: noFailPoint,
  });
  const client = server.getClient(FAKE_TOKEN);
  await client.sendMessage(client.makeMessage("hello there"));
  await eventually(() => gateway.inbound.length === 1);
  expect(gateway.inbound[0]).toMatchObject({
    kind: "message",
    conversation: "1",
    parts: [{ text: "hello there" }],
  });

  const outboundId = newOutboundId((count) => systemRandom.bytes(count));
  const outbound = {
    outboundId,
    conversation: "1",
    thread: "",
    replyTo: "",
    markdown: "**hi** <you>",
    purpose: "answer",
  } as const;
  tell({ kind: "outbound", outbound });
  await eventually(() => gateway.deliveries.at(-1)?.state === "delivered");
  const updates = await client.getUpdates();
  expect(updates.result[0].message.text).toBe("<b>hi</b> &lt;you&gt;");

  await client.sendCallback(client.makeCallbackQuery("approve:a-x", { message: { message_id: 3, date: 1 } }));
  await eventually(() => gateway.inbound.length === 2);
  expect(gateway.inbound[1]).toMatchObject({ kind: "button", value: "approve:a-x" });
  tell({ kind: "stop" });
  expect(await running).toEqual({ ok: true, value: "stopped" });
}, 20_000);
