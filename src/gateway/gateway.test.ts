import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { auditCrypto } from "#audit/node-crypto.ts";
import { verifyLog } from "#audit/verify-log.ts";
import { GatewayLab, inbound } from "./lab.case.ts";

let lab: GatewayLab;
beforeEach(async () => {
  lab = new GatewayLab();
  await lab.start();
});
afterEach(async () => {
  await lab.stop();
  lab.dispose();
});

const ended =
  (times = 1) =>
  (): boolean =>
    lab.kinds().filter((kind) => kind === "turn_ended").length === times;

test("gateway answers a message end to end and the log verifies after its stop", async () => {
  const chat = await lab.peer("webchat");
  chat.connection.send(inbound({ text: "list files" }));
  await lab.until(() => chat.of("outbound").some((each) => each.outbound.purpose === "answer"), "an answer");
  expect(chat.of("inboundAck").map((each) => each.ack.status)).toEqual(["recorded"]);
  const kinds = lab.kinds();
  const order = [
    "inbound",
    "turn_started",
    "user_message",
    "llm_request",
    "llm_response",
    "assistant_message",
    "tool_call",
    "decision",
    "intent",
    "tool_result",
    "outbound",
  ];
  const places = order.map((kind) => kinds.indexOf(kind));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(chat.of("event").some((each) => each.body.includes('"text_delta"'))).toBe(true);
  expect((await lab.stop()).ok).toBe(true);
  const verdict = verifyLog(
    lab.paths.auditDb,
    { anchors: [], published: [], signerState: undefined },
    auditCrypto(),
  );
  if (!verdict.ok) throw new Error(verdict.error.message);
  expect(verdict.value.report.problems).toEqual([]);
  expect(lab.kinds().filter((kind) => kind === "stopped")).toHaveLength(1);
});

test("gateway asks before a command, runs it once approved on the console's surface, and closes the card", async () => {
  const chat = await lab.peer("webchat");
  chat.connection.send(inbound({ text: "run: uname -s" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const [prompt] = chat.of("prompt");
  const approvalId = prompt?.prompt.approvalId ?? "";
  expect(prompt?.prompt).toMatchObject({ tier: 3, answerable: false });
  expect(lab.kinds()).not.toContain("intent");

  // The chat may not approve tier 3, whoever says so.
  chat.connection.send(inbound({ kind: "button", value: `approve:${approvalId}`, parts: [] }));
  await lab.until(() => lab.kinds().includes("approval_refused"), "a refusal");
  expect(lab.rows().find((row) => row.kind === "approval_refused")?.payload).toMatchObject({
    reason: "tier_too_high",
  });
  expect(lab.kinds()).not.toContain("intent");

  using control = await lab.control();
  const taken = await control.call("permissions_approve", { approvalId, remember: true });
  expect(taken).toMatchObject({ ok: true, value: { outcome: "approved" } });
  const again = await control.call("permissions_approve", { approvalId, remember: false });
  expect(again).toMatchObject({ ok: false, error: { reason: "already_answered" } });
  await lab.until(ended(), "the turn's end");
  const rows = lab.rows();
  const at = (kind: string, verdict = ""): number =>
    rows.findIndex((row) => row.kind === kind && (verdict === "" || row.payload["verdict"] === verdict));
  expect(at("tool_call")).toBeLessThan(at("approval_requested"));
  expect(at("approval_requested")).toBeLessThan(at("decision", "approved"));
  expect(at("decision", "approved")).toBeLessThan(at("intent"));
  expect(at("intent")).toBeLessThan(at("tool_result"));
  expect(rows[at("tool_result")]?.payload).toMatchObject({ outcome: "done", exit_code: 0 });
  expect(rows[at("tool_result")]?.content["text"]).toContain("Linux");
  expect(chat.of("promptClosed").map((each) => each.closed.verdict)).toEqual(["approved"]);
  expect(rows.some((row) => row.kind === "grant")).toBe(false); // tier 3 is never stored
});

test("gateway lets the asker deny, and nothing runs", async () => {
  const chat = await lab.peer("webchat");
  chat.connection.send(inbound({ text: "run: uname -s" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const approvalId = chat.of("prompt")[0]?.prompt.approvalId ?? "";
  chat.connection.send(
    inbound({ kind: "button", value: `deny:${approvalId}`, parts: [{ kind: "text", text: "no" }] }),
  );
  await lab.until(ended(), "the turn's end");
  expect(lab.kinds()).not.toContain("intent");
  expect(lab.rows().find((row) => row.kind === "tool_result")?.payload).toMatchObject({ outcome: "denied" });
});

test("gateway refuses an approval from another channel's connection", async () => {
  const chat = await lab.peer("webchat");
  const telegram = await lab.peer("telegram");
  chat.connection.send(inbound({ text: "run: uname -s" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const approvalId = chat.of("prompt")[0]?.prompt.approvalId ?? "";
  const code = await pair();
  const from = { channel: "telegram", instance: "telegram", senderId: "42", conversation: "42" };
  telegram.connection.send(inbound({ ...from, text: `/pair ${code}` }));
  await lab.until(() => telegram.of("outbound").length === 1, "the pairing's answer");
  telegram.connection.send(inbound({ ...from, kind: "button", value: `deny:${approvalId}`, parts: [] }));
  await lab.until(() => lab.kinds().includes("approval_refused"), "a refusal");
  expect(lab.rows().find((row) => row.kind === "approval_refused")?.payload).toMatchObject({
    reason: "wrong_surface",
  });
  expect(lab.kinds()).not.toContain("turn_ended");
  expect(telegram.of("prompt")).toEqual([]);
});

async function pair(): Promise<string> {
  using control = await lab.control();
  const applied = await control.call("config_apply", { config: { channels: { telegram: {} } } });
  expect(applied.ok).toBe(true);
  const minted = await control.call("channel_pair", { instance: "telegram", upTo: 2 });
  if (!minted.ok) throw new Error(minted.error.message);
  return minted.value.code;
}

test("gateway gives a stranger one fixed answer and no agent", async () => {
  const telegram = await lab.peer("telegram");
  const from = { channel: "telegram", instance: "telegram", senderId: "666", conversation: "666" };
  for (const text of ["hello", "run: id", "/approve a-x", "/pair ABCDEFGH"])
    telegram.connection.send(inbound({ ...from, text }));
  await lab.until(() => telegram.of("inboundAck").length === 4, "four acks");
  expect(telegram.of("inboundAck").map((each) => each.ack.status)).toEqual([
    "refused",
    "refused",
    "refused",
    "refused",
  ]);
  expect(telegram.of("outbound")).toHaveLength(1);
  expect(lab.kinds().filter((kind) => kind === "admission_refused")).toHaveLength(1);
  expect(lab.kinds()).not.toContain("inbound");
  expect(lab.kinds()).not.toContain("turn_started");
});

test("gateway hears nobody on the web chat but the person that its own key stands for", async () => {
  const web = await lab.peer("webchat");
  web.connection.send(inbound({ senderId: "mallory" }));
  await lab.until(() => web.of("inboundAck").length === 1, "an ack");
  expect(web.of("inboundAck")[0]?.ack.status).toBe("refused");
  expect(lab.kinds()).not.toContain("inbound");
});

test("gateway runs an event once, also when it is offered again", async () => {
  const chat = await lab.peer("webchat");
  const message = inbound({ text: "list files" });
  for (let times = 0; times < 3; times++) chat.connection.send(message);
  await lab.until(() => chat.of("inboundAck").length === 3, "three acks");
  await lab.until(ended(), "the turn's end");
  expect(chat.of("inboundAck").map((each) => each.ack.status)).toEqual([
    "recorded",
    "duplicate",
    "duplicate",
  ]);
  expect(lab.kinds().filter((kind) => kind === "user_message")).toHaveLength(1);
});

test("gateway writes a lie with both sides, drops it, and ends the connection at the fifth", async () => {
  const telegram = await lab.peer("telegram");
  for (let lies = 0; lies < 5; lies++)
    telegram.connection.send(inbound({ channel: "webchat", instance: "webchat" }));
  expect(await telegram.closed).toBeString();
  await lab.until(() => lab.kinds().filter((kind) => kind === "channel_mismatch").length === 5, "five rows");
  const row = lab.rows().find((each) => each.kind === "channel_mismatch");
  expect(row?.payload).toMatchObject({ actual_channel: "telegram", actual_instance: "telegram" });
  expect(row?.content).toMatchObject({ claimed_channel: "webchat", claimed_instance: "webchat" });
  expect(lab.kinds()).not.toContain("inbound");
});

test("gateway stops a turn that waits for an approval, within a second", async () => {
  const chat = await lab.peer("webchat");
  chat.connection.send(inbound({ text: "run: sleep 60" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const began = performance.now();
  chat.connection.send(inbound({ kind: "command", value: "/stop", parts: [] }));
  await lab.until(ended(), "the turn's end");
  expect(performance.now() - began).toBeLessThan(1_000);
  const rows = lab.rows();
  expect(rows.find((row) => row.kind === "turn_ended")?.payload).toMatchObject({ outcome: "stopped" });
  expect(rows.find((row) => row.kind === "tool_result")?.payload).toMatchObject({ outcome: "stopped" });
  await lab.until(() => chat.of("promptClosed").length === 1, "the closing on its way");
  expect(chat.of("promptClosed").map((each) => each.closed.verdict)).toEqual(["cancelled"]);
});

test("gateway closes an approval that a restart ended, and refuses its answer", async () => {
  const chat = await lab.peer("webchat");
  chat.connection.send(inbound({ text: "write hello to note.txt" }));
  await lab.until(ended(), "the first turn's end");
  chat.connection.send(inbound({ text: "run: uname -s" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const approvalId = chat.of("prompt")[0]?.prompt.approvalId ?? "";
  await lab.stop();
  await lab.start();
  using control = await lab.control();
  const late = await control.call("permissions_approve", { approvalId, remember: false });
  expect(late).toMatchObject({ ok: false, error: { reason: "unknown" } });
  const calls = lab.rows().filter((row) => row.kind === "tool_call");
  const results = lab.rows().filter((row) => row.kind === "tool_result");
  expect(results).toHaveLength(calls.length);
  const again = await lab.peer("webchat");
  again.connection.send(inbound({ text: "list files" }));
  await lab.until(ended(3), "a turn after the restart");
});

test("gateway does not run what changed after it was approved", async () => {
  const chat = await lab.peer("webchat");
  const workspace = lab.paths.workspace("default");
  chat.connection.send(inbound({ text: "list files" })); // makes the workspace
  await lab.until(ended(), "the first turn's end");
  const script = join(workspace, "tool.sh");
  writeFileSync(script, "#!/bin/sh\necho first\n", { mode: 0o755 });
  chat.connection.send(inbound({ text: "run: ./tool.sh" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const approvalId = chat.of("prompt")[0]?.prompt.approvalId ?? "";
  writeFileSync(script, "#!/bin/sh\necho second\n", { mode: 0o755 });
  using control = await lab.control();
  await control.call("permissions_approve", { approvalId, remember: false });
  await lab.until(ended(2), "the turn's end");
  const result = lab.rows().findLast((row) => row.kind === "tool_result");
  expect(result?.payload).toMatchObject({ outcome: "changed" });
  expect(JSON.stringify(lab.rows())).not.toContain("second\\n");
});
