import type { Stop } from "#contracts/approval.ts";
import { expect, test } from "bun:test";
import type { Action } from "#contracts/action.ts";
import type { PendingApproval } from "#contracts/approval.ts";
import { newApprovalId, newPersonId, newTurnId, parseAgentId, parseSessionId } from "#contracts/ids.ts";
import { utf8Length } from "#contracts/visible.ts";
import { fixedRandom } from "#runtime/random.ts";
import { EXACT_BYTES_MAX, exactCall, exactCallCapped, shellWords } from "./exact.ts";
import { answerRefusalSentence, outcomeForModel, outcomeSentence, runSentence } from "./outcome.ts";
import { reasonSentence } from "./reason.ts";
import { SAMPLES } from "./samples.case.ts";
import { actOf, titleOf } from "./title.ts";
import { type PromptContext, approvalPrompt } from "./wording.ts";

const HIDDEN = "a\u202eb\u200b\u0007";
const random = fixedRandom(9);
const context: PromptContext = {
  conversation: "1",
  thread: "",
  askedBy: "you, Chat, 14:01",
  askedText: "run: uname -a",
  runs: "unboxed, as user ana",
  unboxed: true,
  undo: "No",
  answerable: true,
  elsewhere: "on the console",
  grantOffer: "Allow this for 30 days",
  sha256Hex: () => "9f2c",
};

function pending(action: Action, tier: 1 | 2 | 3): PendingApproval {
  const session = parseSessionId("_gateway");
  const agent = parseAgentId("default");
  if (!session.ok || !agent.ok) throw new Error("the ids are valid");
  return {
    id: newApprovalId((count) => random.bytes(count)),
    session: session.value,
    turn: newTurnId((count) => random.bytes(count)),
    agent: agent.value,
    asker: newPersonId((count) => random.bytes(count)),
    channel: "webchat",
    action,
    tier,
    reasons: [
      { code: "tier", tier, action: action.kind },
      { code: "destination_from_foreign_text", origins: ["web"] },
    ],
    askedMs: 0,
    expiresMs: 900_000,
    nonce: "00".repeat(16),
    digest: "",
  };
}

test.each(Object.values(SAMPLES).map(({ kind }) => kind))(
  "wording shows %s without hidden characters",
  (kind) => {
    const action = SAMPLES[kind];
    const hidden: Action = { ...action, tool: HIDDEN, args: { path: HIDDEN } };
    for (const text of [
      exactCall(hidden),
      titleOf(hidden),
      actOf(hidden).past,
      reasonSentence({ code: "tier", tier: 3, action: action.kind }),
    ]) {
      expect(text).not.toBe("");
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cf}\p{Cc}]/u);
    }
    expect(exactCall(hidden)).toContain("⟦U+202E⟧");
  },
);

test("titleOf asks a plain question", () => {
  expect(titleOf(SAMPLES.shell_exec)).toBe("Run uname -a?");
  expect(titleOf(SAMPLES.destructive_file_op)).toBe("Delete notes.md?");
  expect(titleOf(SAMPLES.network_request)).toBe("Fetch https://example.com/?");
  expect(titleOf({ ...SAMPLES.network_request, method: "POST", bodyBytes: 12 })).toBe(
    "Send 12 bytes (POST) to https://example.com/?",
  );
  expect(titleOf({ ...SAMPLES.workspace_write, path: "x".repeat(500) }).length).toBeLessThan(140);
});

test("shellWords keeps different argvs apart and on one line", () => {
  const argvs = [["a b"], ["a", "b"], ["a'b"], ["a\nb"], ["$(x)"], [""], ["'a", "b'"], ["a\\ b"]];
  expect(new Set(argvs.map(shellWords)).size).toBe(argvs.length);
  expect(shellWords(["a\nb"])).toBe("'a⟦U+000A⟧b'");
});

test("exactCallCapped names what it left out", () => {
  const action = { ...SAMPLES.shell_exec, script: "x".repeat(EXACT_BYTES_MAX * 2) };
  const shown = exactCallCapped(action, () => "9f2c");
  expect(utf8Length(shown)).toBeLessThanOrEqual(EXACT_BYTES_MAX);
  expect(shown).toEndWith("bytes in all · sha256 9f2c]");
});

test("approvalPrompt holds the five facts and offers no grant for tier 3", () => {
  const prompt = approvalPrompt(pending(SAMPLES.shell_exec, 3), context);
  expect(prompt.facts.map(({ label }) => label)).toEqual([
    "Runs",
    "Asked by",
    "Why this asks",
    "Careful",
    "Undo",
  ]);
  expect(prompt.facts.find(({ label }) => label === "Runs")?.alarming).toBe(true);
  expect([prompt.tier, prompt.grantOffer, prompt.elsewhere]).toEqual([3, "", ""]);
  expect(approvalPrompt(pending(SAMPLES.spawn_subagent, 2), context).grantOffer).not.toBe("");
});

test("outcomes read as the page says", () => {
  const names = { by: "you", where: "here", at: "14:02:11", openMs: 15 * 60_000 };
  const by = newPersonId((count) => random.bytes(count));
  expect(outcomeSentence({ verdict: "approved", by, surface: "webchat", remember: false }, names)).toBe(
    "Approved by you, here, 14:02:11.",
  );
  expect(outcomeSentence({ verdict: "expired", because: "time" }, names)).toBe(
    "Expired, 14:02:11, after 15 min. Nothing ran.",
  );
  expect(outcomeSentence({ verdict: "expired", because: "time" }, { ...names, openMs: 6_000 })).toBe(
    "Expired, 14:02:11, after 6 s. Nothing ran.",
  );
  const stopped = (stop: Stop): string => outcomeSentence({ verdict: "cancelled", stop }, names);
  expect(outcomeSentence({ verdict: "expired", because: "restart" }, names)).toBe(
    "Expired, 14:02:11: the program was restarted. Nothing ran.",
  );
  expect(stopped({ by: "person", person: by, surface: "webchat" })).toBe(
    "Stopped by you, here, 14:02:11, before it was answered. Nothing ran.",
  );
  expect(stopped({ by: "operator" })).toBe(
    "Stopped by the operator of this computer, 14:02:11. Nothing ran.",
  );
  expect(stopped({ by: "shutdown" })).toBe("Stopped with the program, 14:02:11. Nothing ran.");
  expect(runSentence({ kind: "done", tookMs: 312, exitCode: 0, row: 418 })).toBe("Ran 0.3 s, exit 0. #418");
  expect(runSentence({ kind: "stopped", row: 419 })).toBe("Stopped while it ran. #419");
  expect(runSentence({ kind: "changed" })).toBe("Changed after you approved. Not run.");
  expect(outcomeForModel({ verdict: "denied", by, surface: "webchat", why: 'no" \u202e' })).toContain(
    "⟦U+202E⟧",
  );
  expect(answerRefusalSentence("not_an_approver", ["Ana", "Ben"])).toBe("Only Ana or Ben can approve this.");
});
