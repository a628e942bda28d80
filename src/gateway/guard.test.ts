import { beforeEach, expect, test } from "bun:test";
import type { Action, Tier } from "#contracts/action.ts";
import type { ModelCall } from "#contracts/conversation.ts";
import {
  newCallId,
  newConversationId,
  newPersonId,
  newTurnId,
  parseAgentId,
  parseInstanceId,
  sessionIdOf,
} from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { SessionHandle } from "#session/handle.ts";
import { NO_LABELS } from "#session/history.ts";
import type { Channel } from "#contracts/channel.ts";
import { AdapterLinks } from "./adapter-links.ts";
import { Approvals } from "./approvals.ts";
import { Approvers } from "./approvers.ts";
import { Grants } from "./grants.ts";
import { CountedRows } from "./counted-rows.ts";
import { TurnGuard } from "./guard.ts";
import { MemoryJournal } from "./memory-journal.case.ts";
import { PromptDesk } from "./prompts.ts";
import type { PerformHooks, Performed, Toolbox } from "./toolbox.ts";
import { LabelBox } from "./turn-facts.ts";

const random = fixedRandom(3);
const owner = newPersonId((count) => random.bytes(count));
const stranger = newPersonId((count) => random.bytes(count));
let clock: ManualClock;
let journal: MemoryJournal;
let approvals: Approvals;
let approvers: Approvers;
let grants: Grants;
let performed: string[];
let url: string;
let performing: () => Promise<Performed>;
let asks: PerformHooks["question"];

const DONE: Performed = {
  outcome: "done",
  text: "fine",
  code: "",
  exitCode: 0,
  undo: undefined,
  recorded: undefined,
  secrets: new Map(),
};

function actionOf(call: ModelCall): Action {
  const base = { call: call.id, tool: call.name, args: { url }, plan: "" };
  if (call.name === "list") return { ...base, kind: "workspace_list", path: "." };
  if (call.name === "mcp") {
    const tool = { server: "fs", mcpTool: "echo", definition: "ab".repeat(32), readOnly: false, input: "{}" };
    return { ...base, args: {}, kind: "mcp_call", ...tool };
  }
  if (call.name !== "get") return { ...base, kind: "unknown_tool", name: call.name, reason: "" };
  const target = { method: "GET", scheme: "https", host: "example.com", port: 443, path: url } as const;
  return { ...base, kind: "network_request", ...target, bodyBytes: 0, bodySha256: "", typedByAsker: false };
}

const toolbox: Toolbox = {
  specs: [],
  boxEnforced: false,
  look: () => Promise.resolve(),
  classify: (call) => ({ action: actionOf(call) }),
  describe: () => ({ where: "", unboxed: false, undo: "No" }),
  perform: (prepared, _signal, hooks) => {
    asks = hooks.question;
    performed.push(`${prepared.action.kind} after ${journal.kinds().at(-1) ?? "nothing"}`);
    return performing();
  },
};

beforeEach(() => {
  clock = manualClock();
  journal = new MemoryJournal(clock);
  performed = [];
  url = "/a";
  performing = () => Promise.resolve(DONE);
  approvers = new Approvers(journal, [], owner);
  grants = new Grants({ journal, clock, random }, []);
});

function guardOf(
  options: { channel?: Channel; interactive?: boolean; maxTier?: Tier; heard?: readonly string[] } = {},
): TurnGuard {
  const { channel = "webchat" } = options;
  const [agent, instance] = [parseAgentId("default"), parseInstanceId(channel)];
  if (!agent.ok || !instance.ok) throw new Error("fixture");
  const conversation = newConversationId((count) => random.bytes(count));
  const session = sessionIdOf(agent.value, instance.value, conversation);
  const place = {
    session,
    agent: agent.value,
    instance: instance.value,
    conversation,
    platformConversation: "c",
    thread: "",
  };
  const handle: SessionHandle<Channel> = SessionHandle.open<Channel>(channel, place);
  const links = new AdapterLinks();
  const prompts = new PromptDesk({ links, approvers, names: { person: (id) => id }, clock });
  const openMs = (): number => LIMITS.approval_ms;
  const onError = (error: unknown): never => {
    throw error;
  };
  const counted = new CountedRows({ journal, clock, onError }, LIMITS.refusals_logged_per_minute_max);
  approvals = new Approvals({ journal, clock, random, approvers, counted, surfaces: prompts, openMs });
  return new TurnGuard(
    {
      journal,
      clock,
      random,
      approvals,
      grants,
      toolbox,
      prompts,
      grantDays: () => 30,
      outputOf: () => ({ line: () => undefined, end: () => undefined }),
    },
    {
      turn: newTurnId((count) => random.bytes(count)),
      handle,
      asker: owner,
      askerWords: "get it",
      profile: { maxTier: options.maxTier ?? 3, allowedHosts: [], providers: [], deniedKinds: [] },
      operator: false,
      interactive: options.interactive ?? true,
      injectionFlags: new Set(),
      labels: new LabelBox(NO_LABELS),
      heard: options.heard ?? [owner],
    },
  );
}

const call = (name: string): ModelCall => ({
  id: newCallId((count) => random.bytes(count)),
  providerId: "x",
  name,
  args: "{}",
});
const never = new AbortController().signal;
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const owns = { person: owner, surface: "console", instance: undefined } as const;
const outcomes = (): readonly unknown[] =>
  journal.rows.filter((row) => row.kind === "tool_result").map((row) => row.payload?.["outcome"]);

test("TurnGuard runs tier 1 with its decision and intent written before the effect", async () => {
  const result = await guardOf().act(call("list"), never);
  expect(result).toMatchObject({ kind: "result", text: "fine" });
  expect(performed).toEqual(["workspace_list after intent"]);
  expect(journal.kinds()).toEqual(["tool_call", "decision", "intent", "tool_result"]);
});

test("TurnGuard performs an asked call only after the person's decision and the intent are written", async () => {
  const acting = guardOf().act(call("get"), never);
  await settle();
  expect(performed).toEqual([]);
  const [pending] = approvals.pending();
  expect((await approvals.answer(pending?.id ?? "", owns, { verdict: "approve", remember: false })).ok).toBe(
    true,
  );
  await acting;
  expect(journal.kinds()).toEqual([
    "tool_call",
    "decision",
    "approval_requested",
    "decision",
    "intent",
    "tool_result",
  ]);
  expect(performed).toEqual(["network_request after intent"]);
});

test("TurnGuard asks about a server's question like about a call, with the very answer, and labels what came back", async () => {
  const question = { call: "k", server: "fs", message: "Delete all?", answer: '{"sure":true}' };
  const heard: boolean[] = [];
  performing = async () => {
    heard.push(await asks({ ...question, server: "other" }), await asks({ ...question, answer: "no JSON" }));
    heard.push(await asks(question), await asks(question));
    return DONE;
  };
  const acting = guardOf().act(call("mcp"), never);
  await settle();
  await approvals.answer(approvals.pending()[0]?.id ?? "", owns, { verdict: "approve", remember: false });
  await settle();
  const [asked] = approvals.pending();
  expect(asked?.tier).toBe(3);
  expect(asked?.action).toMatchObject({
    mcpTool: "elicitation/create",
    input: '{"answer":{"sure":true},"message":"Delete all?"}',
  });
  await approvals.answer(asked?.id ?? "", owns, { verdict: "approve", remember: false });
  await settle();
  await approvals.answer(approvals.pending()[0]?.id ?? "", owns, { verdict: "deny", why: "" });
  await acting;
  expect(heard).toEqual([false, false, true, false]);
  const result = journal.rows.find(({ kind }) => kind === "tool_result");
  expect(result?.payload).toMatchObject({ origins: ["mcp:fs"], secrecy: "personal" });
  expect(journal.kinds().filter((kind) => kind === "approval_requested")).toHaveLength(3);
});

test("TurnGuard does not run a call that is another one after its approval", async () => {
  const acting = guardOf().act(call("get"), never);
  await settle();
  url = "/b";
  await approvals.answer(approvals.pending()[0]?.id ?? "", owns, { verdict: "approve", remember: false });
  expect(await acting).toMatchObject({ text: expect.stringContaining("changed after it was approved") });
  expect(performed).toEqual([]);
  expect(journal.kinds()).not.toContain("intent");
  expect(outcomes()).toEqual(["changed"]);
});

test.each(["tool_call", "decision", "approval_requested", "intent"])(
  "TurnGuard runs nothing when the %s row cannot be written",
  async (kind) => {
    journal.broken.add(kind);
    const guard = guardOf();
    const name = kind === "approval_requested" ? "get" : "list";
    expect(guard.act(call(name), never)).rejects.toThrow("disk is full");
    await settle();
    expect(performed).toEqual([]);
    expect(approvals.pending()).toEqual([]);
  },
);

test("TurnGuard runs nothing when the answer's row cannot be written, and tells the answerer", async () => {
  const acting = guardOf().act(call("get"), never);
  acting.catch(() => undefined);
  await settle();
  journal.broken.add("decision");
  const answered = approvals.answer(approvals.pending()[0]?.id ?? "", owns, {
    verdict: "approve",
    remember: false,
  });
  expect(answered).rejects.toThrow("disk is full");
  expect(acting).rejects.toThrow("disk is full");
  await settle();
  expect(performed).toEqual([]);
});

test("TurnGuard writes a result for a performer that throws", async () => {
  performing = () => Promise.reject(new Error("bug"));
  await guardOf().act(call("list"), never);
  expect(outcomes()).toEqual(["unknown"]);
});

test("TurnGuard denies what it does not know, what a ceiling forbids and what nobody can be asked about", async () => {
  await guardOf().act(call("no_such_tool"), never);
  await guardOf({ maxTier: 1 }).act(call("get"), never);
  await guardOf({ interactive: false }).act(call("get"), never);
  expect(outcomes()).toEqual(["denied", "denied", "denied"]);
  expect(journal.kinds()).not.toContain("approval_requested");
  expect(performed).toEqual([]);
});

test("TurnGuard gives refused calls all their rows in one commit", async () => {
  const results = await guardOf().refuse([call("get"), call("list")], "stopped");
  expect(results).toHaveLength(2);
  expect(outcomes()).toEqual(["stopped", "stopped"]);
});

test("Approvals expire by themselves, and an answer after that is refused with a row", async () => {
  const acting = guardOf().act(call("get"), never);
  await settle();
  const id = approvals.pending()[0]?.id ?? "";
  await clock.advance(LIMITS.approval_ms);
  expect(await acting).toMatchObject({ kind: "expired" });
  const late = await approvals.answer(id, owns, { verdict: "approve", remember: false });
  expect(late).toMatchObject({ ok: false, error: { reason: "expired" } });
  expect(journal.kinds().at(-1)).toBe("approval_refused");
  expect(performed).toEqual([]);
});

test("Approvals refuse a stranger, the wrong surface and too high a tier, and stay open", async () => {
  const acting = guardOf().act(call("get"), never);
  await settle();
  const id = approvals.pending()[0]?.id ?? "";
  const instance = parseInstanceId("webchat");
  const other = parseInstanceId("telegram");
  if (!instance.ok || !other.ok) throw new Error("fixture");
  const tries = [
    { person: stranger, surface: "webchat", instance: instance.value },
    { person: owner, surface: "telegram", instance: other.value },
    { person: owner, surface: "webchat", instance: other.value },
    { person: owner, surface: "webchat", instance: instance.value },
  ] as const;
  const reasons: unknown[] = [];
  for (const by of tries) {
    const taken = await approvals.answer(id, by, { verdict: "approve", remember: false });
    reasons.push(taken.ok ? "taken" : taken.error.reason);
  }
  expect(reasons).toEqual(["not_an_approver", "wrong_surface", "wrong_surface", "tier_too_high"]);
  expect(approvals.pending()).toHaveLength(1);
  expect(journal.kinds().filter((kind) => kind === "approval_refused")).toHaveLength(4);
  expect((await approvals.answer(id, owns, { verdict: "deny", why: "no" })).ok).toBe(true);
  await acting;
  expect(outcomes()).toEqual(["denied"]);
});

test("Approvals take one of two answers that come at once", async () => {
  const acting = guardOf().act(call("get"), never);
  await settle();
  const id = approvals.pending()[0]?.id ?? "";
  const [first, second] = await Promise.all([
    approvals.answer(id, owns, { verdict: "deny", why: "" }),
    approvals.answer(id, owns, { verdict: "approve", remember: false }),
  ]);
  expect([first.ok, second.ok]).toEqual([true, false]);
  await acting;
  expect(performed).toEqual([]);
});

test("Approvals end as cancelled when the turn is stopped", async () => {
  const turn = new AbortController();
  const acting = guardOf().act(call("get"), turn.signal);
  await settle();
  turn.abort();
  await acting;
  expect(outcomes()).toEqual(["stopped"]);
  expect(approvals.pending()).toEqual([]);
});

test("TurnGuard does not run a call without asking that is another one after its decision", async () => {
  journal.subscribe((rows) => {
    if (rows.some(({ kind }) => kind === "decision")) url = "/b";
  });
  await guardOf().act(call("list"), never);
  expect(performed).toEqual([]);
  expect(outcomes()).toEqual(["changed"]);
  expect(journal.kinds()).not.toContain("intent");
});

test("Approvals refuse an answer after the end, also while the timer that ends the request was not heard yet", async () => {
  const timely = manualClock();
  clock = { ...timely, after: () => () => undefined }; // a program that was held up: no timer fires
  const acting = guardOf().act(call("get"), never);
  await settle();
  const id = approvals.pending()[0]?.id ?? "";
  await timely.advance(LIMITS.approval_ms - 1);
  expect(approvals.pending()).toHaveLength(1);
  await timely.advance(1);
  const late = await approvals.answer(id, owns, { verdict: "approve", remember: false });
  expect(late).toMatchObject({ ok: false, error: { reason: "expired" } });
  expect(performed).toEqual([]);
  acting.catch(() => undefined);
});
