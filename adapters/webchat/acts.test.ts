/** A verified request becomes exactly one inbound event, or none. */
import { describe, expect, test } from "bun:test";
import { err, ok } from "#contracts/result.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { chatActs } from "./acts.ts";

const AUTH = { keyId: "ab".repeat(32), timeMs: 5, counter: 7, signature: "" };
const APPROVAL = `a-${"b".repeat(26)}`;

function actsWith(ack: "recorded" | "closed") {
  const drafts: InboundDraft[] = [];
  const acts = chatActs({
    inbound: (draft) => {
      drafts.push(draft);
      return Promise.resolve(ack === "closed" ? err("closed") : ok(ack));
    },
    now: () => 1_000,
  });
  return { drafts, run: (path: string, body: string) => acts.get(path)?.(body, AUTH) };
}

const COMMON = {
  senderId: "owner",
  displayName: "you",
  thread: "",
  tsMs: 1_000,
  isGroup: false,
  mentioned: true,
  replyTo: "",
  editOf: "",
  conversation: "w-1",
} as const;

describe("chatActs", () => {
  test("send hands on a message under the page's event id", async () => {
    const { drafts, run } = actsWith("recorded");
    const body = { conversation: "w-1", text: "/stop is a word here", eventId: "e-12345678" };
    expect(await run("/api/send", JSON.stringify(body))).toEqual(ok('{"status":"recorded"}'));
    expect(drafts).toEqual([
      {
        ...COMMON,
        eventId: "e-12345678",
        messageId: "e-12345678",
        kind: "message",
        value: "",
        parts: [{ kind: "text", text: "/stop is a word here" }],
      },
    ]);
  });

  test.each([
    ["/api/stop", {}, "command", "/stop", [], "stop"],
    ["/api/again", {}, "command", "/again", [], "again"],
    [
      "/api/answer",
      { approvalId: APPROVAL, verdict: "approve" },
      "button",
      `approve:${APPROVAL}`,
      [],
      "answer",
    ],
    [
      "/api/answer",
      { approvalId: APPROVAL, verdict: "approve", remember: true },
      "button",
      `approve-remember:${APPROVAL}`,
      [],
      "answer",
    ],
    [
      "/api/answer",
      { approvalId: APPROVAL, verdict: "deny", why: "not now" },
      "button",
      `deny:${APPROVAL}`,
      [{ kind: "text" as const, text: "not now" }],
      "answer",
    ],
  ])("%s with %j is a %s %s", async (path, body, kind, value, parts, word) => {
    const { drafts, run } = actsWith("recorded");
    await run(path, JSON.stringify({ conversation: "w-1", ...body }));
    const eventId = `${word}-abababababababab-7`;
    expect(drafts).toHaveLength(1);
    expect(drafts[0]).toMatchObject({ ...COMMON, eventId, messageId: eventId, kind, value, parts });
  });

  test.each([
    ["/api/send", "not json"],
    ["/api/send", "[]"],
    ["/api/send", "null"],
    ["/api/send", '{"conversation":"w-1","text":5,"eventId":"e-12345678"}'],
    ["/api/send", '{"conversation":"w-1","text":"x"}'],
    ["/api/stop", '{"conversation":["w-1"]}'],
    ["/api/answer", `{"conversation":"w-1","approvalId":"${APPROVAL}","verdict":"maybe"}`],
    ["/api/answer", `{"conversation":"w-1","approvalId":{},"verdict":"approve"}`],
    ["/api/answer", `{"approvalId":"${APPROVAL}","verdict":"approve"}`],
  ])("%s refuses %s and hands nothing on", async (path, body) => {
    const { drafts, run } = actsWith("recorded");
    expect(await run(path, body)).toMatchObject({ ok: false, error: { code: "usage" } });
    expect(drafts).toEqual([]);
  });

  test("remember counts only as the word true", async () => {
    const { drafts, run } = actsWith("recorded");
    const body = { conversation: "w-1", approvalId: APPROVAL, verdict: "approve", remember: "true" };
    await run("/api/answer", JSON.stringify(body));
    expect(drafts[0]?.value).toBe(`approve:${APPROVAL}`);
  });

  test("a lost connection is a fault that says it is safe to try again", async () => {
    const { run } = actsWith("closed");
    expect(await run("/api/stop", '{"conversation":"w-1"}')).toMatchObject({
      ok: false,
      error: { code: "unavailable", reason: "closed" },
    });
  });
});
