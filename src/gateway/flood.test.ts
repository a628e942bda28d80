/** The same over the socket: an admitted person's flood, answers without end, and an adapter that does not wait. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { TOO_MUCH } from "./inflow.ts";
import { GatewayLab, inbound, type LabPeer } from "./lab.case.ts";

const EVENTS = 2_000;
let lab: GatewayLab;
beforeEach(async () => {
  lab = new GatewayLab();
  await lab.start();
});
afterEach(async () => {
  await lab.stop();
  lab.dispose();
});

const FROM = { channel: "telegram", instance: "telegram", senderId: "42", conversation: "42" };

async function paired(): Promise<LabPeer> {
  const telegram = await lab.peer("telegram");
  using control = await lab.control();
  await control.call("config_apply", { config: { channels: { telegram: {} } } });
  const minted = await control.call("channel_pair", { instance: "telegram", upTo: 2 });
  if (!minted.ok) throw new Error(minted.error.message);
  telegram.connection.send(inbound({ ...FROM, text: `/pair ${minted.value.code}` }));
  await lab.until(() => telegram.of("outbound").length === 1, "the pairing's answer");
  return telegram;
}

/** Sends as an adapter does: a window of events, the next one when one has its ack. */
async function flood(peer: LabPeer, event: (n: number) => Parameters<typeof inbound>[0]): Promise<void> {
  const before = peer.of("inboundAck").length;
  for (let n = 0; n < EVENTS; n += LIMITS.inbound_open_max) {
    const count = Math.min(LIMITS.inbound_open_max, EVENTS - n);
    for (let at = 0; at < count; at++) peer.connection.send(inbound(event(n + at)));
    await lab.until(() => peer.of("inboundAck").length === before + n + count, "every ack");
  }
}

test("gateway drops an admitted person's flood into new conversations, acknowledges none of it, and answers once", async () => {
  const telegram = await paired();
  const rowsBefore = lab.rows().length;
  await flood(telegram, (n) => ({ ...FROM, kind: "reaction", conversation: `c${n}`, value: "+1" }));
  const acks = telegram.of("inboundAck").slice(1);
  const recorded = acks.filter(({ ack }) => ack.status === "recorded").length;
  expect(recorded).toBe(LIMITS.inflow_conversations_burst - 1); // pairing began the first one
  const rows = lab.rows().slice(rowsBefore);
  expect(rows.filter((row) => row.kind === "inbound")).toHaveLength(recorded);
  expect(rows.filter((row) => row.kind === "conversation_seen")).toHaveLength(recorded);
  expect(rows.filter((row) => row.kind === "inbound_dropped").length).toBeLessThanOrEqual(2);
  const notices = telegram.of("outbound").filter(({ outbound }) => outbound.markdown === TOO_MUCH);
  expect(notices).toHaveLength(1);
});

test("gateway records a few of the refused answers of a person and counts the rest", async () => {
  const telegram = await paired();
  const answer = { ...FROM, kind: "button", value: "approve:a-x", parts: [] } as const;
  await flood(telegram, () => answer);
  await lab.stop();
  const rows = lab.rows();
  const refused = rows.filter((row) => row.kind === "approval_refused");
  expect(refused.length).toBeLessThanOrEqual(LIMITS.refusals_logged_per_minute_max + 1);
  const counted = refused.reduce((sum, row) => sum + Number(row.payload["count"] ?? 1), 0);
  const taken = rows.filter((row) => row.kind === "inbound").length - 1;
  expect(counted).toBe(taken);
  expect(taken).toBeLessThanOrEqual(LIMITS.inflow_answers_burst + 2);
  await lab.start();
});

test("gateway ends the connection of an adapter that does not wait for its acks, and takes its events again later", async () => {
  const chat = await lab.peer("webchat");
  for (let n = 0; n < LIMITS.inbound_open_max * 3; n++)
    chat.connection.send(
      inbound({ eventId: `e${n}`, conversation: `c${n % 7}`, kind: "reaction", value: "+1" }),
    );
  await chat.closed;
  await lab.until(() => lab.kinds().includes("frame_refused"), "the row");
  expect(lab.rows().find((row) => row.kind === "frame_refused")?.payload).toMatchObject({ rule: "window" });
  const again = await lab.peer("webchat");
  again.connection.send(inbound({ eventId: "e150", conversation: "c3", kind: "reaction", value: "+1" }));
  await lab.until(() => again.of("inboundAck").length === 1, "an ack");
  expect(again.of("inboundAck")[0]?.ack.status).toBe("recorded");
});
