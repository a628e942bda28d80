import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Action, type ActionKind, BASE_TIER, type Origin, PENDING_KINDS } from "#contracts/action.ts";
import { newGrantId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import { fixedRandom } from "#runtime/random.ts";
import { type DecisionInput, decide } from "./evaluate.ts";
import { StorableAction, findGrant, grantKeyOf, newGrant } from "./grant.ts";
import { SAMPLES } from "./samples.case.ts";
import { tieringOf } from "./tier.ts";

const SCOPE = { agent: "default", channel: "webchat", person: "p-1" };
const HOST = { host: "example.com", pathPrefix: "/" };
const GRANT_ID = newGrantId((count) => fixedRandom(3).bytes(count));

function input(action: Action, more: Partial<DecisionInput> = {}): DecisionInput {
  return {
    action,
    profile: {
      maxTier: 3,
      allowedHosts: [],
      providers: [{ name: "ollama", upTo: "workspace" }],
      deniedKinds: [],
    },
    labels: { origins: ["owner"], secrecy: "public" },
    askerWords: "",
    scope: SCOPE,
    grants: [],
    nowMs: 1_000,
    operator: false,
    interactive: true,
    boxEnforced: true,
    injectionFlags: [],
    pendingApprovals: 0,
    ...more,
  };
}
const KINDS = Object.values(SAMPLES).map(({ kind }) => kind);
const RANK = { allow: 0, ask: 1, deny: 2 } as const;
const withHost = { maxTier: 3, allowedHosts: [HOST], providers: [], deniedKinds: [] } as const;
const code = (verdict: ReturnType<typeof decide>): string => `${verdict.kind} ${verdict.reasons[0].code}`;
const isOperatorKind = (kind: ActionKind): boolean =>
  /^(skill_|config_|policy_|approver_|record_)/.test(kind);

test.each(KINDS)("decide gives %s the verdict of its row, at every ceiling", (kind) => {
  const action = SAMPLES[kind];
  const base = BASE_TIER[kind];
  for (const maxTier of [1, 2, 3] as const) {
    const profile = { ...input(action).profile, maxTier };
    const verdict = decide(input(action, { profile, operator: true }));
    const performed = !Object.hasOwn(PENDING_KINDS, kind) && kind !== "unknown_tool";
    const expected = !performed || base > maxTier ? "deny" : base === 1 ? "allow" : "ask";
    expect([kind, maxTier, verdict.kind]).toEqual([kind, maxTier, expected]);
  }
});

test.each(KINDS)("decide refuses %s to a headless turn unless it is tier 1", (kind) => {
  const verdict = decide(input(SAMPLES[kind], { interactive: false, operator: true }));
  expect(verdict.kind).toBe(BASE_TIER[kind] === 1 && !Object.hasOwn(PENDING_KINDS, kind) ? "allow" : "deny");
});

test.each(KINDS.filter(isOperatorKind))("decide keeps %s to operators", (kind) => {
  expect(decide(input(SAMPLES[kind])).reasons).toContainEqual({ code: "operators_only" });
});

test("decide never allows a tier 3 call, whatever grants there are", () => {
  for (const kind of KINDS) {
    const action = SAMPLES[kind];
    const key = grantKeyOf(action) ?? `${kind}:[]`;
    const grant = { id: GRANT_ID, actionKey: key, ...SCOPE, createdMs: 0, expiresMs: 9_999 };
    const verdict = decide(input(action, { grants: [grant], operator: true }));
    if (verdict.tier === 3) expect(verdict.kind).not.toBe("allow");
  }
});

test("decide lowers a read of an allowed host to tier 2 and lets its grant through", () => {
  const action = SAMPLES.network_request;
  const asked = decide(input(action, { profile: withHost }));
  expect([asked.kind, asked.tier]).toEqual(["ask", 2]);
  const facts = { ...input(action), allowedHosts: [HOST] };
  const storable = StorableAction.of(action, tieringOf(action, facts));
  if (storable === undefined) throw new Error("a read of an allowed host is storable");
  const grant = newGrant(storable, SCOPE, GRANT_ID, 1_000, 30);
  const granted = input(action, { profile: withHost, grants: [grant] });
  expect(code(decide(granted))).toBe("allow granted");
  expect(decide({ ...granted, nowMs: grant.expiresMs }).kind).toBe("ask");
  expect(decide({ ...granted, nowMs: 999 }).kind).toBe("ask");
  for (const scope of [{ agent: "b" }, { channel: "telegram" }, { person: "p-2" }]) {
    expect(decide({ ...granted, scope: { ...SCOPE, ...scope } }).kind).toBe("ask");
  }
  const others = [
    { host: "evil.example.com" },
    { method: "HEAD" },
    { method: "POST" },
    { scheme: "http" },
    { port: 8443 },
    { path: "/?q=secret" },
    { bodyBytes: 1 },
  ] as const;
  for (const other of others)
    expect(decide({ ...granted, action: { ...action, ...other } }).kind).toBe("ask");
  const foreign = { origins: ["owner", "web"], secrecy: "public" } as const;
  expect(code(decide({ ...granted, labels: foreign }))).toBe("ask destination_from_foreign_text");
  expect(decide({ ...granted, labels: foreign, askerWords: "fetch https://example.com/" }).kind).toBe(
    "allow",
  );
  expect(decide({ ...granted, injectionFlags: ["d"] }).kind).toBe("ask");
  expect(decide({ ...granted, labels: { origins: ["owner"], secrecy: "workspace" } }).tier).toBe(3);
});

test("decide asks for a typed URL as tier 2, for this call alone", () => {
  const action = { ...SAMPLES.network_request, typedByAsker: true };
  const verdict = decide(input(action));
  expect([verdict.kind, verdict.tier]).toEqual(["ask", 2]);
  expect(
    StorableAction.of(action, tieringOf(action, { ...input(action), allowedHosts: [] })),
  ).toBeUndefined();
  expect(decide(input({ ...action, method: "POST" })).tier).toBe(3);
});

test("decide turns an ask away when a person is buried in them, and unbindable calls always", () => {
  const action = SAMPLES.shell_exec;
  const full = { pendingApprovals: LIMITS.approvals_pending_max };
  expect(code(decide(input(action, full)))).toBe("deny too_many_pending");
  expect(decide(input(action, { pendingApprovals: LIMITS.approvals_pending_max - 1 })).kind).toBe("ask");
  for (const args of [{ a: 1.5 }, { a: "\ud800" }, { a: 2 ** 60 }]) {
    expect(code(decide(input({ ...action, args })))).toBe("deny bad_arguments");
  }
});

test("decide lets a provider see no more than it may", () => {
  const action = SAMPLES.model_call;
  expect(decide(input(action)).kind).toBe("allow");
  const personal = { origins: ["owner"], secrecy: "personal" } as const;
  expect(code(decide(input(action, { labels: personal })))).toBe("deny provider_not_allowed");
  expect(decide(input({ ...action, provider: "openai" })).kind).toBe("deny");
});

test("decide is never looser with more foreign labels, more secrecy, more flags or a lower ceiling", () => {
  const origins: fc.Arbitrary<Origin> = fc.constantFrom(
    "web",
    "file",
    "stranger",
    "mcp:x",
    "memory",
    "skill",
  );
  const secrecy = fc.constantFrom("public", "workspace", "personal", "credential");
  const ranks = ["public", "workspace", "personal", "credential"];
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.array(origins, { maxLength: 3 }),
      secrecy,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom("", "fetch https://example.com", "weather"),
      (kind, added, raised, typed, granted, askerWords) => {
        const sample = SAMPLES[kind];
        const action = sample.kind === "network_request" ? { ...sample, typedByAsker: typed } : sample;
        const actionKey = grantKeyOf(action) ?? "";
        const grants = granted ? [{ id: GRANT_ID, actionKey, ...SCOPE, createdMs: 0, expiresMs: 9_999 }] : [];
        const before = input(action, { profile: { ...withHost, providers: [] }, grants, askerWords });
        const labels = { origins: [...before.labels.origins, ...added], secrecy: raised };
        expect(ranks.indexOf(raised)).toBeGreaterThanOrEqual(0);
        const loose = decide(before);
        for (const tighter of [
          { labels },
          { injectionFlags: ["d"] },
          { profile: { ...before.profile, maxTier: 1 as const } },
        ]) {
          const tight = decide({ ...before, ...tighter });
          expect(RANK[tight.kind]).toBeGreaterThanOrEqual(RANK[loose.kind]);
        }
        const tight = decide({ ...before, labels });
        expect(tight.tier).toBeGreaterThanOrEqual(loose.tier);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("grants cannot be made of a tier 3 call, in types or at run time", () => {
  // @ts-expect-error an action is not a StorableAction
  const made = (): unknown => newGrant(SAMPLES.shell_exec, SCOPE, GRANT_ID, 0, 30);
  expect(made).toThrow();
  // @ts-expect-error the constructor needs a mint that only its own file has
  expect(() => new StorableAction(Symbol("x"), "spawn_subagent", "k")).toThrow(TypeError);
  for (const kind of KINDS) {
    expect(StorableAction.of(SAMPLES[kind], { tier: 3, once: false })).toBeUndefined();
    const tiering = { tier: 3, once: false } as const;
    const grant = {
      id: GRANT_ID,
      actionKey: grantKeyOf(SAMPLES[kind]) ?? "",
      ...SCOPE,
      createdMs: 0,
      expiresMs: 9,
    };
    expect(findGrant([grant], SAMPLES[kind], tiering, SCOPE, 1)).toBeUndefined();
  }
});

test("grantKeyOf keeps parts apart", () => {
  const one = { ...SAMPLES.spawn_subagent, agent: '1","2' } as const;
  const two = { ...SAMPLES.spawn_subagent, agent: "1" } as const;
  expect(grantKeyOf(one)).not.toBe(grantKeyOf(two));
  expect(grantKeyOf({ ...SAMPLES.mcp_call, readOnly: true })).toBe('mcp_call:["s","t","aa"]');
});

test("newGrant bounds its life and refuses none", () => {
  const boxed = StorableAction.of(SAMPLES.boxed_exec, { tier: 2, once: false });
  if (boxed === undefined) throw new Error("a boxed command is storable");
  expect(newGrant(boxed, SCOPE, GRANT_ID, 0, 30).expiresMs).toBe(8 * 3_600_000);
  expect(() => newGrant(boxed, SCOPE, GRANT_ID, 0, 0)).toThrow(RangeError);
  expect(() => newGrant(boxed, SCOPE, GRANT_ID, 0, Number.NaN)).toThrow(RangeError);
});
