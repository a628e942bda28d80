/** A1: what stands between a model's wish and its effect; what a person sees before they say yes. */
import type { Defence } from "./defence.ts";

const digest = { attack: "A1", file: "src/policy/digest.ts", tests: ["src/policy/digest.test.ts"] } as const;
const guard = { attack: "A1", file: "src/gateway/guard.ts", tests: ["src/gateway/guard.test.ts"] } as const;
const approvals = {
  attack: "A1",
  file: "src/gateway/approvals.ts",
  tests: ["src/gateway/guard.test.ts"],
} as const;
const decision = {
  attack: "A1",
  file: "src/policy/evaluate.ts",
  tests: ["src/policy/evaluate.test.ts"],
} as const;
const exact = { attack: "A1", file: "src/policy/exact.ts", tests: ["src/policy/wording.test.ts"] } as const;
const shown = {
  attack: "A1",
  file: "src/contracts/visible.ts",
  tests: ["src/contracts/visible.test.ts"],
} as const;

export const APPROVALS: readonly Defence[] = [
  {
    ...digest,
    keeps: "an approval is bound to every field of the action",
    text: "prefixed(action.value),",
    without: 'prefixed(""),',
  },
  {
    ...digest,
    keeps: "an approval is bound to its session",
    text: "prefixed(fields.session),",
    without: 'prefixed(""),',
  },
  {
    ...digest,
    keeps: "an approval is bound to its agent",
    text: "prefixed(fields.agent),",
    without: 'prefixed(""),',
  },
  {
    ...digest,
    keeps: "an approval is bound to who asked",
    text: "prefixed(fields.asker),",
    without: 'prefixed(""),',
  },
  {
    ...digest,
    keeps: "an approval is bound to when it ends",
    text: "setBigInt64(0, BigInt(fields.expiresMs));",
    without: "setBigInt64(0, 0n);",
  },
  {
    ...digest,
    keeps: "an approval is bound to its nonce",
    text: "Uint8Array.fromHex(fields.nonce),",
    without: "new Uint8Array(16),",
  },
  {
    ...digest,
    keeps: "a number that two readers may read differently has no digest",
    text: "return Number.isSafeInteger(value) ? value : undefined;",
    without: "return value;",
  },
  {
    ...digest,
    keeps: "a text that is no Unicode has no digest",
    text: "return value.isWellFormed() ? value : undefined;",
    without: "return value;",
  },
  {
    ...guard,
    keeps: "what is performed is what was approved, to the byte",
    text: ": digestFor(pending, now.action) === pending.digest;",
    without: ": true;",
  },
  {
    ...guard,
    keeps: "what is performed without asking is what was decided about",
    text: "? inputs === inputsHash(salt, prepared.action)",
    without: "? true",
  },
  {
    ...guard,
    keeps: "nothing runs without a person's yes",
    text: 'if (outcome.verdict !== "approved") return',
    without: 'if (outcome.verdict === "cancelled" && signal.aborted) return',
  },
  {
    ...guard,
    keeps: "what the policy denies does not run",
    text: 'if (verdict.kind === "deny") {',
    without: "if (signal.aborted) {",
  },
  {
    ...guard,
    keeps: "the decision is on record before anything is asked or done",
    text: "await journal.append([\n      toolCallRow(",
    without: "void journal.append([\n      toolCallRow(",
  },
  {
    ...guard,
    keeps: "the intent is on record before the effect",
    text: "await journal.append([intentRow(",
    without: "void journal.append([intentRow(",
  },
  {
    ...guard,
    keeps: "a server's question is asked like a call",
    text: 'return outcome.verdict === "approved";',
    without: "return true;",
  },
  {
    ...approvals,
    keeps: "only an approver answers, and nothing is consumed by anybody else",
    text: "if (!may.ok) return may.error;",
    without: "",
  },
  {
    ...approvals,
    keeps: "a request is answered in its own conversation, or by the operator",
    text: 'return "wrong_surface";',
    without: "return undefined;",
  },
  {
    ...approvals,
    keeps: "a request that nobody answers is denied",
    text: '() => end({ verdict: "expired", because: "time" })',
    without: "() => undefined",
  },
  {
    ...approvals,
    keeps: "an answer after the end of a request is refused, also before its timer was heard",
    text: 'return this.#ports.clock.now() >= pending.expiresMs ? "expired" : undefined;',
    without: "return undefined;",
  },
  {
    ...approvals,
    keeps: "a request is answered once",
    text: 'if (open.isClosing) return "already_answered";',
    without: "",
  },
  {
    ...approvals,
    keeps: "an answer counts once its row is durable",
    text: "open.isClosing = true;",
    without: "open.isClosing = true;\n    open.resolve(outcome);",
  },
  {
    ...approvals,
    keeps: "a stopped turn's requests end with it",
    text: 'signal.addEventListener("abort", stop, { once: true });',
    without: "stopOf(signal);",
  },
  {
    attack: "A1",
    keeps: "an approver is one on their own surface alone",
    file: "src/policy/approver.ts",
    text: "({ person, surface }) => person === attempt.person && surface === attempt.surface,",
    without: "({ person }) => person === attempt.person,",
    tests: ["src/policy/approver.test.ts"],
  },
  {
    attack: "A1",
    keeps: "an approver answers up to their tier",
    file: "src/policy/approver.ts",
    text: "entries.some(({ upTo }) => upTo >= attempt.tier)",
    without: "entries.length > 0",
    tests: ["src/policy/approver.test.ts"],
  },
  {
    ...decision,
    keeps: "a denial wins over everything",
    text: "if (denied !== undefined) return",
    without: "if (denied?.code === 'tier') return",
  },
  {
    ...decision,
    keeps: "where nobody can be asked the answer is no",
    text: "if (!input.interactive) return",
    without: "if (input.pendingApprovals < 0) return",
  },
  {
    ...decision,
    keeps: "nothing above the ceiling runs",
    text: "if (tier <= profile.maxTier) return [];",
    without: "if (tier <= 3) return [];",
  },
  {
    ...decision,
    keeps: "nobody is asked about what no digest can bind",
    text: "if (!canonicalAction(action).ok) {",
    without: "if (action.kind === 'unknown_tool') {",
  },
  {
    attack: "A1",
    keeps: "no permission is made of what asks each time",
    file: "src/policy/grant.ts",
    text: "if (tiering.tier !== 2 || tiering.once || !isStorable(action)) return undefined;",
    without: "if (tiering.once || !isStorable(action)) return undefined;",
    tests: ["src/policy/evaluate.test.ts"],
  },
  {
    attack: "A1",
    keeps: "no permission is made of what was lowered for once",
    file: "src/policy/grant.ts",
    text: "tiering.once || !isStorable(action)",
    without: "!isStorable(action)",
    tests: ["src/policy/evaluate.test.ts"],
  },
  {
    attack: "A1",
    keeps: "a permission ends",
    file: "src/policy/grant.ts",
    text: "nowMs < grant.expiresMs,",
    without: "grant.expiresMs > 0,",
    tests: ["src/policy/shell-grant.test.ts", "src/policy/boxed.test.ts"],
  },
  {
    attack: "A1",
    keeps: "a command that claims to read is judged again",
    file: "src/policy/tier.ts",
    text: "return inspectionHolds(action) ? base : { tier: 3, once: false };",
    without: "return base;",
    tests: ["src/policy/shell-inspect.test.ts"],
  },
  {
    attack: "A1",
    keeps: "a box that does not hold makes no command cheaper",
    file: "src/policy/tier.ts",
    text: "return facts.boxEnforced ? base : { tier: 3, once: false };",
    without: "return base;",
    tests: ["src/policy/boxed.test.ts"],
  },
  {
    ...exact,
    keeps: "hidden characters of a call are shown by number",
    text: 'return visible(shown.join("\\n"));',
    without: 'return shown.join("\\n");',
  },
  {
    ...exact,
    keeps: "no line of a script passes for one of ours",
    text: 'return script.includes("\\n") ? script.replace(/^/gm, "| ") : script;',
    without: "return script;",
    tests: ["test/hostile/authority.test.ts"],
  },
  {
    ...exact,
    keeps: "two argvs never look alike",
    text: "argv.map(quotedWord).map(visibleLine)",
    without: "argv.map(visibleLine)",
  },
  {
    ...exact,
    keeps: "a call that is cut names the digest of the whole",
    text: " · sha256 ${sha256Hex(whole)}]",
    without: "]",
  },
  {
    ...shown,
    keeps: "controls and overrides of direction are shown",
    text: "\\\\p{Cc}\\\\p{Cf}\\\\p{Cs}",
    without: "\\\\p{Cs}",
  },
  {
    ...shown,
    keeps: "spaces and letters that are drawn as nothing are shown",
    text: "\\\\u034f\\\\u115f\\\\u1160\\\\u17b4\\\\u17b5\\\\u2800\\\\u3164\\\\uffa0",
    without: "",
  },
  {
    ...shown,
    keeps: "variation selectors are shown",
    text: "\\\\u180b-\\\\u180f\\\\ufe00-\\\\ufe0f\\\\u{e0100}-\\\\u{e01ef}",
    without: "",
  },
];
