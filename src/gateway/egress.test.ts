import { beforeEach, expect, test } from "bun:test";
import type { Payload } from "#contracts/frame.ts";
import { newConversationId, parseAgentId, parseInstanceId, sessionIdOf } from "#contracts/ids.ts";
import type { DeliveryState } from "#contracts/message.ts";
import { AuthenticatedChannel } from "#ipc/authenticated-channel.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { SessionHandle } from "#session/handle.ts";
import { type AdapterLink, AdapterLinks } from "./adapter-links.ts";
import { Egress } from "./egress.ts";
import { MemoryJournal } from "./memory-journal.case.ts";

let clock: ManualClock;
let journal: MemoryJournal;
let links: AdapterLinks;
let egress: Egress;
let errors: unknown[];
const random = fixedRandom(11);

function handleOf(name: "telegram" | "slack"): SessionHandle<"telegram" | "slack"> {
  const [agent, instance] = [parseAgentId("default"), parseInstanceId(name)];
  if (!agent.ok || !instance.ok) throw new Error("fixture");
  const conversation = newConversationId((count) => random.bytes(count));
  const session = sessionIdOf(agent.value, instance.value, conversation);
  const ids = { session, agent: agent.value, instance: instance.value, conversation };
  return SessionHandle.open(name, { ...ids, platformConversation: "chat", thread: "7" });
}

function linkOf(
  name: "telegram" | "slack",
): AdapterLink & { readonly sent: Payload[]; readonly end: () => void } {
  const instance = parseInstanceId(name);
  const channel = AuthenticatedChannel.of({
    peerId: name,
    role: "adapter",
    channel: name,
    instance: name,
    publicKey: "",
  });
  if (!instance.ok || channel === undefined) throw new Error("fixture");
  const sent: Payload[] = [];
  const link: AdapterLink = {
    channel,
    instance: instance.value,
    send: (payload) => {
      sent.push(payload);
      return true;
    },
  };
  return { ...link, sent, end: links.attach({ ...link }) };
}

beforeEach(() => {
  clock = manualClock();
  journal = new MemoryJournal(clock);
  links = new AdapterLinks();
  errors = [];
  egress = new Egress({ journal, links, clock, random, onError: (error) => errors.push(error) });
});

const ANSWER = { text: "hello", purpose: "answer", replyTo: "1" } as const;
const states = (): readonly unknown[] =>
  journal.rows.filter((row) => row.kind === "delivery").map((row) => row.payload?.["state"]);
const delivery = (outboundId: string, state: DeliveryState) => ({
  outboundId,
  state,
  messageIds: [],
  code: "",
});
async function answered(): Promise<string> {
  const sent = await egress.reply(handleOf("telegram"), ANSWER);
  if (!sent.ok) throw new Error(sent.error.message);
  return sent.value;
}

test("Egress writes the row before the frame leaves, to the handle's own place", async () => {
  const link = linkOf("telegram");
  const replying = egress.reply(handleOf("telegram"), ANSWER);
  expect(link.sent).toEqual([]);
  await replying;
  expect(journal.kinds()).toEqual(["outbound"]);
  expect(link.sent).toMatchObject([
    { kind: "outbound", outbound: { conversation: "chat", thread: "7", replyTo: "1" } },
  ]);
});

test("Egress sends nothing when the row cannot be written", async () => {
  const link = linkOf("telegram");
  journal.broken.add("outbound");
  expect(egress.reply(handleOf("telegram"), ANSWER)).rejects.toThrow("disk is full");
  await Bun.sleep(0);
  expect(link.sent).toEqual([]);
});

test("Egress sends only through the link of the handle's instance", async () => {
  const slack = linkOf("slack");
  await answered();
  expect(slack.sent).toEqual([]);
});

test("Egress sends again, after a reconnect, only what never began", async () => {
  const first = linkOf("telegram");
  const [waits, began] = [await answered(), await answered()];
  await egress.delivered(first, delivery(began, "sending"));
  first.end();
  const second = linkOf("telegram");
  const again = second.sent.flatMap((payload) =>
    payload.kind === "outbound" ? [String(payload.outbound.outboundId)] : [],
  );
  expect(again).toEqual([waits]);
});

test("Egress calls what began and was never explained unknown, and tells the person once", async () => {
  const first = linkOf("telegram");
  const began = await answered();
  await egress.delivered(first, delivery(began, "sending"));
  first.end();
  const second = linkOf("telegram");
  await clock.advance(30_000);
  await Bun.sleep(0);
  expect(states()).toEqual(["sending", "unknown"]);
  const notices = second.sent.flatMap((payload) => (payload.kind === "outbound" ? [payload.outbound] : []));
  expect(notices).toMatchObject([{ purpose: "notice" }]);
  await egress.delivered(second, delivery(String(notices[0]?.outboundId), "unknown"));
  expect(second.sent).toHaveLength(1); // a lost notice is not explained by another
  expect(errors).toEqual([]);
});

test("Egress takes no word about a message from another instance's connection", async () => {
  linkOf("telegram");
  const slack = linkOf("slack");
  const own = await answered();
  const taken = await egress.delivered(slack, delivery(own, "delivered"));
  expect(taken.ok).toBe(false);
  expect(states()).toEqual([]);
});

test("Egress takes up, after a restart, what an earlier run never sent", async () => {
  const handle = handleOf("telegram");
  await egress.reply(handle, ANSWER);
  const next = new Egress({ journal, links, clock, random, onError: (error) => errors.push(error) });
  next.restore(handle);
  const link = linkOf("telegram");
  expect(link.sent.length).toBeGreaterThanOrEqual(1);
  expect(link.sent.at(-1)).toMatchObject({
    kind: "outbound",
    outbound: { markdown: "hello", purpose: "answer" },
  });
});
