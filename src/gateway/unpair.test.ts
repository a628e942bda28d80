/** Taking a pairing back: at once, with what hangs on it, and still after a restart. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
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

test("person_remove stops a command of theirs that runs, with its children, within a second", async () => {
  const telegram = await lab.peer("telegram");
  const person = await paired(telegram);
  const sleeper = `sleep 31.${process.pid}`;
  telegram.connection.send(inbound({ ...FROM, text: `run: ${sleeper} & ${sleeper}; echo no` }));
  await lab.until(() => telegram.of("prompt").length === 1, "a prompt");
  using control = await lab.control();
  const approvalId = telegram.of("prompt")[0]?.prompt.approvalId ?? "";
  await control.call("permissions_approve", { approvalId, remember: false });
  await lab.until(() => running(sleeper) === 2, "two sleepers");
  const began = performance.now();
  await control.call("person_remove", { instance: "telegram", person });
  await lab.until(() => lab.kinds().includes("turn_cancelled") && running(sleeper) === 0, "the end of both");
  expect(performance.now() - began).toBeLessThan(1_000);
  const rows = lab.rows();
  expect(rows.find((row) => row.kind === "turn_cancelled")?.payload).toMatchObject({ by: "operator" });
  expect(rows.find((row) => row.kind === "tool_result")?.payload).toMatchObject({ outcome: "stopped" });
});

/** Processes whose command line is `words`. */
function running(words: string): number {
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => cmdline(pid));
  return lines.filter((line) => line === `${words.replaceAll(" ", "\0")}\0`).length;
}

function cmdline(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended while we looked
  }
}

test("person_remove leaves the owner of this computer where they are", async () => {
  using control = await lab.control();
  const persons = await control.call("persons_list", {});
  const owner = persons.ok ? persons.value.find((view) => view.instance === "cli")?.person : undefined;
  const removed = await control.call("person_remove", { instance: "cli", person: owner ?? "" });
  expect(removed).toMatchObject({ ok: true, value: { removed: false } });
});
