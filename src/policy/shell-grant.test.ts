import { describe, expect, test } from "bun:test";
import type { ActionOf } from "#contracts/action.ts";
import { newGrantId } from "#contracts/ids.ts";
import { fixedRandom } from "#runtime/random.ts";
import { decide } from "./evaluate.ts";
import { newGrant, StorableAction } from "./grant.ts";
import { SAMPLES } from "./samples.case.ts";
import { inspectionOf } from "./shell-inspect.ts";
import { tieringOf } from "./tier.ts";
import { grantOfferOf } from "./title.ts";

const SCOPE = { agent: "default", channel: "webchat", person: "p-1" };
const FACTS = {
  profile: { maxTier: 3, allowedHosts: [], providers: [], deniedKinds: [] },
  allowedHosts: [],
  labels: { origins: ["owner"], secrecy: "public" },
  askerWords: "",
  scope: SCOPE,
  nowMs: 1_000,
  operator: false,
  interactive: true,
  boxEnforced: false,
  injectionFlags: [],
  pendingApprovals: 0,
} as const;

/** The action of a command line, its programs by made-up hashes. */
function reading(
  text: string,
  cwd = ".",
  hashes: Readonly<Record<string, string>> = {},
): ActionOf<"shell_inspect"> {
  const inspection = inspectionOf(text, cwd);
  if (!inspection.ok) throw new Error(`${text}: ${inspection.error}`);
  const { script, within, commands } = inspection.value;
  const identity = (name: string) => ({ path: `/usr/bin/${name}`, sha256: hashes[name] ?? "ab".repeat(32) });
  const [first, ...others] = commands.map(({ verb, argv }) => ({
    verb,
    argv,
    executable: identity(argv[0]),
  }));
  if (first === undefined) throw new Error(text);
  return {
    ...SAMPLES.shell_inspect,
    argv: script === "" ? first.argv : ["/bin/sh", "-c", script],
    script,
    cwd,
    within,
    executable: identity(script === "" ? first.argv[0] : "sh"),
    commands: [first, ...others],
  };
}

function grantOf(action: ActionOf<"shell_inspect">) {
  const storable = StorableAction.of(action, tieringOf(action, FACTS));
  if (storable === undefined) throw new Error("a reading command is storable");
  return newGrant(
    storable,
    SCOPE,
    newGrantId((count) => fixedRandom(3).bytes(count)),
    1_000,
    30,
  );
}

function verdictOf(action: ActionOf<"shell_inspect">, granted: ActionOf<"shell_inspect">): string {
  return decide({ ...FACTS, action, grants: [grantOf(granted)] }).kind;
}

describe("a permission for a reading command", () => {
  test.each([
    ["ls src", "ls src"],
    ["ls src", "ls -la src/deep src"],
    ["ls", "ls -R a/b"],
    ["cat src/a.txt", "cat -n src/b.txt src/deep/c.txt"],
    ["cat src/a | head -5", "head -n 1 src/b; cat src/c"],
    ["git log", "git log -p -- src"],
  ])("for %p covers %p", (granted, asked) => {
    expect(verdictOf(reading(asked), reading(granted))).toBe("allow");
  });

  test.each([
    ["ls src", "ls"],
    ["ls src", "ls src2"],
    ["ls src/a", "ls src"],
    ["ls src", "cat src/a"],
    ["cat src/a", "cat src/a other/b"],
    ["cat src/a", "cat src/a | head"],
    ["cat src/a | head", "cat src/a"],
    ["git log", "git diff"],
    ["ls src", "cd src && ls"],
  ])("for %p does not cover %p", (granted, asked) => {
    expect(verdictOf(reading(asked), reading(granted))).toBe("ask");
  });

  test("ends with another program, shell, agent, channel, person or time", () => {
    const piped = reading("cat src/a | head");
    expect(verdictOf(piped, piped)).toBe("allow");
    for (const name of ["cat", "head", "sh"]) {
      expect(verdictOf(reading("cat src/a | head", ".", { [name]: "cd".repeat(32) }), piped)).toBe("ask");
    }
    const grants = [grantOf(piped)];
    for (const scope of [{ agent: "b" }, { channel: "telegram" }, { person: "p-2" }]) {
      expect(decide({ ...FACTS, action: piped, grants, scope: { ...SCOPE, ...scope } }).kind).toBe("ask");
    }
    expect(decide({ ...FACTS, action: piped, grants, nowMs: grants[0]?.expiresMs ?? 0 }).kind).toBe("ask");
  });

  test("is of no use to a command that only claims to read", () => {
    const honest = reading("ls src");
    const forged = { ...honest, argv: ["ls", "src", "/etc"] as const };
    expect(verdictOf(forged, honest)).toBe("ask");
    expect(StorableAction.of(forged, tieringOf(forged, FACTS))).toBeUndefined();
  });

  test("holds after text from elsewhere was read: what reads in the workspace carries nothing out of it", () => {
    const action = reading("ls src");
    const labels = { origins: ["owner", "web"], secrecy: "personal" } as const;
    expect(decide({ ...FACTS, labels, action, grants: [grantOf(action)] }).kind).toBe("allow");
    expect(decide({ ...FACTS, labels, action, grants: [] }).kind).toBe("ask");
  });

  test("says what it would cover", () => {
    const offers = ["ls", "cat src/a", "cat src/a | head -5 | head", "git log"].map((text) => {
      const action = reading(text);
      return grantOfferOf(StorableAction.of(action, tieringOf(action, FACTS)), action, 30);
    });
    expect(offers).toEqual([
      "Allow ls to read the workspace here for 30 days",
      "Allow cat to read src here for 30 days",
      "Allow cat and head to read src here for 30 days",
      "Allow git log to read the workspace here for 30 days",
    ]);
  });
});
