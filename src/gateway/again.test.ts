/** A request that expired is asked again: with the words in the record, by who asked them or the operator, once. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { GatewayLab, inbound, type LabPeer } from "./lab.case.ts";

setDefaultTimeout(20_000); // a request is open for six seconds at least

let lab: GatewayLab;
beforeEach(async () => {
  lab = new GatewayLab();
  await lab.start();
  using control = await lab.control();
  const policy = { approval_minutes: 0.1 };
  const applied = await control.call("config_apply", { config: { channels: { telegram: {} }, policy } });
  expect(applied.ok).toBe(true);
});
afterEach(async () => {
  await lab.stop();
  lab.dispose();
});

const FROM = { channel: "telegram", instance: "telegram", conversation: "42", isGroup: false };

async function paired(telegram: LabPeer, senderId: string): Promise<void> {
  const answers = (): number => telegram.of("outbound").length;
  const answered = answers();
  using control = await lab.control();
  const minted = await control.call("channel_pair", { instance: "telegram", upTo: 2 });
  if (!minted.ok) throw new Error(minted.error.message);
  telegram.connection.send(
    inbound({ ...FROM, conversation: senderId, senderId, text: `/pair ${minted.value.code}` }),
  );
  await lab.until(() => answers() === answered + 1, "the pairing's answer");
}

const says = (peer: LabPeer, words: string): boolean =>
  peer.of("outbound").some(({ outbound }) => outbound.markdown.includes(words));

async function expired(telegram: LabPeer): Promise<void> {
  telegram.connection.send(inbound({ ...FROM, senderId: "42", text: "run: uname -s" }));
  await lab.until(() => telegram.of("promptClosed").length === 1, "the end of the request");
  expect(telegram.of("promptClosed")[0]?.closed.outcome).toMatch(
    /^Expired, [0-9:]{8}, after 6 s\. Nothing ran\.$/,
  );
  await lab.until(() => says(telegram, "Send /again to ask once more."), "the way to ask again");
}

test("/again makes a new request of the words in the record, once", async () => {
  const telegram = await lab.peer("telegram");
  await paired(telegram, "42");
  await expired(telegram);
  telegram.connection.send(inbound({ ...FROM, senderId: "42", kind: "command", value: "/again", parts: [] }));
  await lab.until(() => telegram.of("prompt").length === 2, "a second request");
  const [first, second] = telegram.of("prompt").map((each) => each.prompt);
  expect(second?.title).toBe(first?.title ?? "");
  expect(second?.approvalId).not.toBe(first?.approvalId);
  const requests = lab.rows().filter((row) => row.kind === "approval_requested");
  expect(requests[0]?.payload["digest"]).not.toBe(requests[1]?.payload["digest"]);
  const [asked, again] = lab.rows().filter((row) => row.kind === "user_message");
  expect(again?.content).toEqual(asked?.content ?? {});
  expect(again?.payload).toMatchObject({
    asker: asked?.payload["asker"],
    inbound: asked?.payload["inbound"],
    again_of: asked?.payload["turn"],
    again_on: "telegram",
  });
  telegram.connection.send(
    inbound({ ...FROM, senderId: "42", kind: "button", value: `deny:${second?.approvalId}`, parts: [] }),
  );
  await lab.until(() => lab.kinds().filter((kind) => kind === "turn_ended").length === 2, "its end");
  telegram.connection.send(inbound({ ...FROM, senderId: "42", kind: "command", value: "/again", parts: [] }));
  await lab.until(() => says(telegram, "Nothing here waits to be asked again."), "a refusal");
});

test("/again takes up what the end of the program ended, for nobody else, and not after other words", async () => {
  const before = await lab.peer("telegram");
  await paired(before, "42");
  await paired(before, "43");
  before.connection.send(inbound({ ...FROM, senderId: "42", text: "run: uname -s" }));
  await lab.until(() => before.of("prompt").length === 1, "a request");
  await lab.stop();
  await lab.start();
  const telegram = await lab.peer("telegram");
  const again = (senderId: string): void =>
    void telegram.connection.send(
      inbound({ ...FROM, senderId, kind: "command", value: "/again", parts: [] }),
    );
  again("43");
  await lab.until(() => says(telegram, "Only the person who asked can ask again."), "a refusal");
  expect(telegram.of("prompt")).toEqual([]);
  again("42");
  await lab.until(() => telegram.of("prompt").length === 1, "a new request");
  telegram.connection.send(inbound({ ...FROM, senderId: "42", kind: "command", value: "/stop", parts: [] }));
  await lab.until(() => lab.kinds().includes("turn_cancelled"), "its end");
  again("42");
  await lab.until(() => says(telegram, "Nothing here waits to be asked again."), "a refusal");
  expect(telegram.of("prompt")).toHaveLength(1);
});
