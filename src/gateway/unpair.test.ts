/** Taking a pairing back: at once, with what hangs on it, and still after a restart. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { GatewayLab, inbound, type LabPeer } from "./lab.case.ts";

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

async function paired(telegram: LabPeer): Promise<string> {
  using control = await lab.control();
  await control.call("config_apply", { config: { channels: { telegram: {} } } });
  const minted = await control.call("channel_pair", { instance: "telegram", upTo: 2 });
  if (!minted.ok) throw new Error(minted.error.message);
  telegram.connection.send(inbound({ ...FROM, text: `/pair ${minted.value.code}` }));
  await lab.until(() => telegram.of("outbound").length === 1, "the pairing's answer");
  const row = lab.rows().find((each) => each.kind === "pairing" && each.payload["change"] === "used");
  return String(row?.payload["person"]);
}

test("person_remove makes a paired person a stranger at once, ends what waits, and holds after a restart", async () => {
  const telegram = await lab.peer("telegram");
  const person = await paired(telegram);
  telegram.connection.send(inbound({ ...FROM, text: "run: uname -s" }));
  await lab.until(() => telegram.of("prompt").length === 1, "a prompt");
  telegram.connection.send(inbound({ ...FROM, text: "list files" })); // waits behind the turn that asks
  await lab.until(() => lab.kinds().filter((kind) => kind === "inbound").length === 3, "the waiting words");
  {
    using control = await lab.control();
    const elsewhere = await control.call("person_remove", { instance: "webchat", person });
    expect(elsewhere).toMatchObject({ ok: false, error: { code: "not_found" } });
    const removed = await control.call("person_remove", { instance: "telegram", person });
    expect(removed).toMatchObject({ ok: true, value: { removed: true } });
    expect(await control.call("person_remove", { instance: "telegram", person })).toMatchObject({
      value: { removed: false },
    });
    const approvers = await control.call("approvers_list", {});
    expect(JSON.stringify(approvers)).not.toContain(person);
  }
  expect(lab.rows().findLast((row) => row.kind === "pairing")?.payload).toMatchObject({
    change: "removed",
    instance: "telegram",
    person,
    by: "cli",
  });
  await lab.until(() => lab.kinds().includes("turn_ended"), "the end of the turn that asked");
  telegram.connection.send(inbound({ ...FROM, text: "list files" }));
  await lab.until(() => telegram.of("inboundAck").some((each) => each.ack.status === "refused"), "a refusal");
  await lab.stop();
  await lab.start();
  const again = await lab.peer("telegram");
  again.connection.send(inbound({ ...FROM, text: "list files" }));
  await lab.until(() => again.of("inboundAck").length === 1, "an ack after the restart");
  expect(again.of("inboundAck")[0]?.ack.status).toBe("refused");
  expect(lab.kinds().filter((kind) => kind === "turn_started")).toHaveLength(1);
});

test("person_remove leaves the owner of this computer where they are", async () => {
  using control = await lab.control();
  const persons = await control.call("persons_list", {});
  const owner = persons.ok ? persons.value.find((view) => view.instance === "cli")?.person : undefined;
  const removed = await control.call("person_remove", { instance: "cli", person: owner ?? "" });
  expect(removed).toMatchObject({ ok: true, value: { removed: false } });
});
