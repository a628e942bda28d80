import { expect, test } from "bun:test";
import type { ActionOf } from "#contracts/action.ts";
import { newGrantId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import { fixedRandom } from "#runtime/random.ts";
import { type DecisionInput, decide } from "./evaluate.ts";
import { exactCall } from "./exact.ts";
import { StorableAction, newGrant } from "./grant.ts";
import { SAMPLES } from "./samples.case.ts";
import { grantOfferOf } from "./title.ts";

const SCOPE = { agent: "default", channel: "webchat", person: "p-1" };
const sample = SAMPLES.boxed_exec;
if (sample.kind !== "boxed_exec") throw new Error("the sample is of another kind");
const BOXED: ActionOf<"boxed_exec"> = sample;

function given(action: ActionOf<"boxed_exec">, more: Partial<DecisionInput> = {}): DecisionInput {
  const storable = StorableAction.of(BOXED, { tier: 2, once: false });
  if (storable === undefined) throw new Error("a boxed command is storable");
  const id = newGrantId((count) => fixedRandom(3).bytes(count));
  return {
    action,
    profile: { maxTier: 3, allowedHosts: [], providers: [], deniedKinds: [] },
    labels: { origins: ["owner"], secrecy: "workspace" },
    askerWords: "run the tests",
    scope: SCOPE,
    grants: [newGrant(storable, SCOPE, id, 0, 30)],
    nowMs: 1_000,
    operator: false,
    interactive: true,
    boxEnforced: true,
    injectionFlags: [],
    pendingApprovals: 0,
    ...more,
  };
}

test("decide lets another command through by the grant of its box and folder, also after a file was read", () => {
  const other = { ...BOXED, argv: ["npm", "test"] } as const;
  expect(decide(given(other))).toMatchObject({ kind: "allow", reasons: [{ code: "granted" }] });
  const read = { origins: ["owner", "file", "web"], secrecy: "personal" } as const;
  expect(decide(given(other, { labels: read })).kind).toBe("allow");
});

test("decide asks anew for another folder, another box, another person, and after eight hours", () => {
  const asks = (input: DecisionInput): void => expect(decide(input)).toMatchObject({ kind: "ask", tier: 2 });
  asks(given({ ...BOXED, cwd: "." }));
  asks(given({ ...BOXED, folders: [] }));
  asks(given({ ...BOXED, folders: [{ path: "/srv/notes", access: "write" }] }));
  asks(given({ ...BOXED, folders: [...BOXED.folders, { path: "/srv/more", access: "read" }] }));
  asks(given(BOXED, { scope: { ...SCOPE, person: "p-2" } }));
  asks(given(BOXED, { nowMs: LIMITS.box_grant_ms_max }));
  expect(decide(given(BOXED, { nowMs: LIMITS.box_grant_ms_max - 1 })).kind).toBe("allow");
});

test("decide asks in spite of a grant where a text was flagged, and each time where the box does not hold", () => {
  const flagged = decide(given(BOXED, { injectionFlags: ["orders"] }));
  expect(flagged).toMatchObject({ kind: "ask", reasons: [{ code: "injection_flagged" }] });
  expect(decide(given(BOXED, { boxEnforced: false }))).toMatchObject({ kind: "ask", tier: 3 });
  expect(StorableAction.of(BOXED, { tier: 3, once: false })).toBeUndefined();
});

test("exactCall and grantOfferOf name the box, not the command alone", () => {
  const folders = [
    { path: "/srv/notes", access: "read" },
    { path: "/srv/a\u202eb", access: "write" },
  ] as const;
  const shown = exactCall({ ...BOXED, folders });
  expect(shown).toContain("reads and runs: /srv/notes");
  expect(shown).toContain("reads and changes: /srv/a");
  expect(shown).not.toContain("\u202e");
  const storable = StorableAction.of(BOXED, { tier: 2, once: false });
  expect(grantOfferOf(storable, BOXED, 30)).toBe("Allow every command in this box, in src, here for 8 h");
  expect(grantOfferOf(storable, { ...BOXED, cwd: "." }, 0.25)).toContain(
    "in the workspace, here for 0.25 days",
  );
  expect(grantOfferOf(undefined, BOXED, 30)).toBe("");
});
