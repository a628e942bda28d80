import { expect, test } from "bun:test";
import { newPersonId } from "#contracts/ids.ts";
import { fixedRandom } from "#runtime/random.ts";
import { type AnswerAttempt, approverOf, mayAnswer } from "./approver.ts";

const random = fixedRandom(5);
const ana = newPersonId((count) => random.bytes(count));
const ben = newPersonId((count) => random.bytes(count));
const BASE: AnswerAttempt = {
  verdict: "approve",
  tier: 2,
  person: ana,
  surface: "telegram",
  asker: ana,
  askedOn: "telegram",
  approvers: [],
};

test("mayAnswer lets the asker say no and nobody but an approver say yes", () => {
  expect(mayAnswer({ ...BASE, verdict: "deny" }).ok).toBe(true);
  expect(mayAnswer(BASE)).toEqual({ ok: false, error: "not_an_approver" });
  expect(mayAnswer({ ...BASE, verdict: "deny", person: ben })).toEqual({
    ok: false,
    error: "not_an_approver",
  });
  expect(mayAnswer({ ...BASE, verdict: "deny", surface: "discord" }).ok).toBe(false);
});

test("mayAnswer binds an approver to surface and tier", () => {
  const approvers = [approverOf(ana, "telegram")];
  expect(mayAnswer({ ...BASE, approvers }).ok).toBe(true);
  expect(mayAnswer({ ...BASE, approvers, tier: 3 })).toEqual({ ok: false, error: "tier_too_high" });
  expect(mayAnswer({ ...BASE, approvers, tier: 3, verdict: "deny" }).ok).toBe(true);
  expect(mayAnswer({ ...BASE, approvers, surface: "webchat" }).ok).toBe(false);
  expect(mayAnswer({ ...BASE, approvers: [approverOf(ana, "telegram", 3)], tier: 3 }).ok).toBe(true);
});

test("mayAnswer takes every tier from the operator's own surfaces", () => {
  for (const surface of ["cli", "console"] as const) {
    expect(mayAnswer({ ...BASE, person: ben, surface, tier: 3 }).ok).toBe(true);
  }
});
