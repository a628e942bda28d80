/** The pages over the real socket: login, signed requests, and what a chat's process cannot reach. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { generateKeyPairSync, hash, sign } from "node:crypto";
import { GatewayLab, inbound, type LabPeer } from "./lab.case.ts";
import { signedBytes } from "./page-keys.ts";

let lab: GatewayLab;
beforeEach(async () => {
  lab = new GatewayLab();
  await lab.start();
});
afterEach(async () => {
  await lab.stop();
  lab.dispose();
});

/** A page that has logged in over `peer`. */
async function login(peer: LabPeer, page: "chat" | "console") {
  using control = await lab.control();
  const opened = await control.call("open", { page });
  if (!opened.ok) throw new Error(opened.error.message);
  const token = opened.value.link.split("#t=")[1] ?? "";
  const pair = generateKeyPairSync("ed25519");
  const raw = pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const registration = { token, algorithm: "Ed25519", publicKey: raw.toString("base64") };
  const registered = await peer.request("page_register", registration);
  let counter = 0;
  const requestOf = (path: string, body: unknown) => {
    counter += 1;
    const plain = { httpMethod: "POST", path, body: JSON.stringify(body) };
    const auth = { timeMs: Date.now(), counter };
    const signature = sign(null, signedBytes({ ...plain, auth }), pair.privateKey).toString("base64");
    return { ...plain, auth: { ...auth, keyId: hash("sha256", raw, "hex"), signature } };
  };
  return {
    registered,
    registration,
    requestOf,
    ask: (path: string, body: unknown) => peer.request("page", requestOf(path, body)),
  };
}

test("pages: a link logs in once, on its own page", async () => {
  const chat = await lab.peer("webchat");
  const desk = await lab.peer("console");
  const page = await login(chat, "chat");
  expect(page.registered.ok).toBe(true);
  expect(await chat.request("page_register", page.registration)).toMatchObject({
    ok: false,
    error: { reason: "login_token" },
  });
  expect((await login(desk, "chat")).registered).toMatchObject({
    ok: false,
    error: { reason: "login_token" },
  });
  expect(await desk.request("page", page.requestOf("/api/state", {}))).toMatchObject({
    ok: false,
    error: { reason: "unknown_key" },
  });
  const replayed = page.requestOf("/api/state", {});
  expect((await chat.request("page", replayed)).ok).toBe(true);
  expect(await chat.request("page", replayed)).toMatchObject({ ok: false, error: { reason: "replayed" } });
  expect(lab.kinds().filter((kind) => kind === "login")).toHaveLength(1);
});

test("pages: the chat sees its own conversations and none of another instance", async () => {
  using control = await lab.control();
  await control.call("config_apply", { config: { channels: { telegram: {} } } });
  const minted = await control.call("channel_pair", { instance: "telegram", upTo: 2 });
  const code = minted.ok ? minted.value.code : "";
  const telegram = await lab.peer("telegram");
  const chat = await lab.peer("webchat");
  const from = { channel: "telegram", instance: "telegram", senderId: "42", conversation: "chat-42" };
  telegram.connection.send(inbound({ ...from, text: `/pair ${code}` }));
  telegram.connection.send(inbound({ ...from, text: "the telegram secret" }));
  chat.connection.send(inbound({ text: "list files" }));
  await lab.until(() => lab.kinds().filter((kind) => kind === "turn_ended").length === 2, "two turns");
  const page = await login(chat, "chat");
  for (const path of ["/api/history", "/api/record"]) {
    expect(await page.ask(path, { conversation: "chat-42" })).toEqual({ ok: true, value: [] });
  }
  const list = await page.ask("/api/conversations", {});
  expect(JSON.stringify(list)).toContain("talk-1");
  const own = await page.ask("/api/history", { conversation: "talk-1" });
  expect(JSON.stringify(own)).toContain('"type":"tool"');
  for (const path of ["/api/timeline", "/api/row", "/api/raw", "/api/approvals", "/api/open-chat"]) {
    expect(await page.ask(path, {})).toMatchObject({ ok: false, error: { code: "not_found" } });
  }
  expect(JSON.stringify([chat.heard, list, own])).not.toContain("telegram secret");
  expect(telegram.of("event")).toEqual([]);
  expect(await telegram.request("page", page.requestOf("/api/state", {}))).toMatchObject({
    ok: false,
    error: { reason: "no_pages" },
  });
});

test("pages: the console sees every act, approves, verifies, and reading a text is a row", async () => {
  const desk = await lab.peer("console");
  const chat = await lab.peer("webchat");
  const page = await login(desk, "console");
  chat.connection.send(inbound({ text: "run: uname -s" }));
  await lab.until(() => chat.of("prompt").length === 1, "a prompt");
  const waiting = await page.ask("/api/approvals", {});
  expect(waiting).toMatchObject({ ok: true, value: { waiting: [{ tier: 3, answerable: true }], ended: [] } });
  const approvalId = chat.of("prompt")[0]?.prompt.approvalId ?? "";
  expect(await page.ask("/api/answer", { approvalId, verdict: "approve" })).toEqual({
    ok: true,
    value: { ok: true, detail: expect.stringMatching(/^Approved by you, here, [0-9:]{8}\.$/) },
  });
  await lab.until(() => lab.kinds().includes("turn_ended"), "the turn's end");
  expect(await page.ask("/api/approvals", {})).toMatchObject({
    value: {
      waiting: [],
      ended: [{ approvalId, outcome: expect.stringMatching(/^Approved by you, here, /) }],
    },
  });
  const acts = await page.ask("/api/timeline", {});
  expect(JSON.stringify(acts)).toContain("asked → approved by you (");
  const id = lab.rows().find((row) => row.kind === "user_message")?.id ?? 0;
  const row = await page.ask("/api/row", { id });
  expect(JSON.stringify(row)).toContain("run: uname -s");
  expect(lab.rows().findLast((each) => each.kind === "record_read")?.payload).toMatchObject({ row: id });
  const raw = await page.ask("/api/raw", { after: 0, limit: 1 });
  expect(raw).toMatchObject({
    ok: true,
    value: [{ id: 1, kind: "log_created" }],
  });
  expect(await page.ask("/api/verify", {})).toMatchObject({
    ok: true,
    value: { ok: true, level: "L1", problems: [] },
  });
});
