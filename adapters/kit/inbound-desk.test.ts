/** Events on their way to a gateway that is slow, or silent. */
import { expect, test } from "bun:test";
import type { Payload } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { manualClock } from "#runtime/clock.ts";
import type { InboundDraft } from "./adapter.ts";
import { noFailPoint } from "./fail-point.ts";
import { inboundDesk } from "./inbound-desk.ts";

function event(n: number): InboundDraft {
  return {
    eventId: `e${n}`,
    messageId: "m",
    senderId: "s",
    displayName: "",
    conversation: "c",
    thread: "",
    parts: [],
    tsMs: 0,
    isGroup: false,
    mentioned: false,
    replyTo: "",
    editOf: "",
    kind: "reaction",
    value: "",
  };
}

function desk() {
  const clock = manualClock();
  const sent: string[] = [];
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const link = {
    send: (payload: Payload) => {
      if (payload.kind === "inbound") sent.push(payload.inbound.eventId);
      return "sent" as const;
    },
    onPayload: () => undefined,
    call: () => Promise.reject(new Error("no calls here")),
    closed,
    close,
  };
  const claims = { channel: "telegram", instance: "telegram" };
  return { clock, sent, desk: inboundDesk(link, claims, { failPoint: noFailPoint, clock }) };
}

test("inboundDesk sends no more than the window, and the next one for each ack", async () => {
  const { sent, desk: inbox } = desk();
  const acks = Array.from({ length: LIMITS.inbound_open_max + 10 }, (_, n) => inbox.handOn(event(n)));
  await Bun.sleep(0);
  expect(sent).toHaveLength(LIMITS.inbound_open_max);
  inbox.acked({ eventId: "e0", conversation: "c", status: "recorded" });
  expect(await acks[0]).toEqual({ ok: true, value: "recorded" });
  await Bun.sleep(0);
  expect(sent).toHaveLength(LIMITS.inbound_open_max + 1);
  expect(sent.at(-1)).toBe(`e${LIMITS.inbound_open_max}`);
});

test("inboundDesk connects anew when an ack does not come, so that the event is offered again", async () => {
  const { clock, desk: inbox } = desk();
  const ack = inbox.handOn(event(1));
  await Bun.sleep(0);
  await clock.advance(LIMITS.inbound_ack_ms_max);
  expect(await ack).toEqual({ ok: false, error: "closed" });
});
