/** The adapter over the real connection: socket, handshake, signed frames, and the strict Bot API over real HTTP. */
import { afterEach, expect, test } from "bun:test";
import type { Payload } from "#contracts/frame.ts";
import { newOutboundId } from "#contracts/ids.ts";
import { Cleanup, socketLab, until } from "#ipc/socket-lab.case.ts";
import { noFailPoint } from "#kit/fail-point.ts";
import { ipcLink } from "#kit/ipc-link.ts";
import { runAdapter } from "#kit/main.ts";
import { memoryDisk, memorySpool, memoryState } from "#kit/memory-state.ts";
import { systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { BotApiFake } from "#test/support/telegram-fake/bot-api.ts";
import { telegram } from "./main.ts";
import { PRIVATE, ANA, telegramHandoff } from "./world.case.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("a message, its acknowledgement and a long answer cross the wire, and stop ends the adapter", async () => {
  const api = new BotApiFake(systemClock);
  const server = api.serve();
  cleanup.add(() => void server.stop(true));
  const lab = await socketLab(cleanup);
  const dialled = await lab.dial();
  if (!dialled.ok) throw new Error(dialled.error.message);
  const disk = memoryDisk();
  const running = runAdapter({
    define: telegram,
    handoff: telegramHandoff({ "api-base": new URL(server.url).origin }),
    link: ipcLink(dialled.value),
    clock: systemClock,
    random: systemRandom,
    log: memoryLog(),
    state: memoryState(disk),
    spool: memorySpool(disk),
    failPoint: noFailPoint,
  });
  await until(() => lab.peers.length === 1);
  const [peer] = lab.peers;
  if (peer === undefined) throw new Error("no peer");
  const heard: Payload[] = [];
  let closed = false;
  peer.connection.listen({
    onPayload: (payload) => {
      heard.push(payload);
      if (payload.kind !== "inbound") return;
      const { eventId, conversation, channel, instance } = payload.inbound;
      expect(peer.requireMatch(channel, instance)?.ok).toBe(true);
      peer.connection.send({ kind: "inboundAck", ack: { eventId, conversation, status: "recorded" } });
    },
    onClose: () => {
      closed = true;
    },
  });

  api.push({ message: { message_id: 1, date: 1, from: ANA, chat: PRIVATE, text: "x".repeat(4_096) } });
  await until(() => api.unconfirmed === 0);
  expect(heard.filter(({ kind }) => kind === "inbound").length).toBe(1);

  const outboundId = newOutboundId((count) => systemRandom.bytes(count));
  const markdown = "y".repeat(8_000);
  const place = { conversation: "42", thread: "", replyTo: "", purpose: "answer" } as const;
  peer.connection.send({ kind: "outbound", outbound: { outboundId, markdown, ...place } });
  await until(() =>
    heard.some((payload) => payload.kind === "delivery" && payload.delivery.state === "delivered"),
  );
  expect(api.sent.map(({ text }) => text).join("")).toBe(markdown);
  expect(api.violations).toEqual([]);

  peer.connection.send({ kind: "stop" });
  expect(await running).toEqual({ ok: true, value: "stopped" });
  await until(() => closed);
});
