import { expect, test } from "bun:test";
import { parseInstanceId } from "#contracts/ids.ts";
import { dataPaths } from "#host/paths.ts";
import { type PlannedRole, planFor } from "./role-plans.ts";
import { sandboxProfile } from "./sandbox-profile.ts";

const paths = dataPaths("/Users/ana/.wirken");
const facts = {
  paths,
  self: { command: ["/opt/wirken"] as const, sourceRoot: undefined },
  webchatPort: 18_790,
  consolePort: 18_791,
  required: true,
};
const profileOf = (role: PlannedRole): readonly string[] => sandboxProfile(planFor(role, facts)).split("\n");

const instance = parseInstanceId("telegram");
if (!instance.ok) throw new Error("fixture");
const telegram = { kind: "adapter", instance: instance.value, channel: "telegram", ports: [8_443] } as const;

test("sandboxProfile denies everything that it does not name, first", () => {
  for (const role of [{ kind: "gateway" }, { kind: "signer" }, { kind: "console" }, telegram] as const) {
    const profile = profileOf(role);
    expect(profile.slice(0, 2)).toEqual(["(version 1)", "(deny default)"]);
    expect(profile.filter((line) => line.startsWith("(allow default"))).toEqual([]);
    expect(profile.join("\n")).not.toContain("/Users/ana/.wirken/vault");
    expect(profile.join("\n")).not.toContain('(subpath "/Users/ana/.wirken")');
  }
});

test("sandboxProfile gives an adapter its folders, its ports and the gateway's socket, and no program", () => {
  const profile = profileOf(telegram);
  expect(profile).toContain(`(allow file-read* file-write* (subpath "${paths.state("telegram")}"))`);
  expect(profile).toContain(`(allow network-outbound (literal "${paths.gatewaySocket}"))`);
  const ports = profile.filter((line) => line.includes("remote tcp"));
  expect(ports).toEqual([443, 53, 8_443].map((port) => `(allow network-outbound (remote tcp "*:${port}"))`));
  expect(profile).not.toContain("(allow process-fork)");
  expect(profile.some((line) => line.includes("network-bind"))).toBe(false);
});

test("sandboxProfile gives the signer no network but the gateway's socket, the console its own port", () => {
  const network = (role: PlannedRole) => profileOf(role).filter((line) => line.includes("network-"));
  const dial = `(allow network-outbound (literal "${paths.gatewaySocket}"))`;
  expect(network({ kind: "signer" })).toEqual([dial]);
  const own = '(allow network-bind network-inbound (local tcp "localhost:18791"))';
  expect(network({ kind: "console" })).toEqual([dial, own]);
});

test("sandboxProfile cannot be broken out of by a path", () => {
  const plan = planFor({ kind: "signer" }, facts);
  const odd = { path: '/a") (allow default) ("\\', rights: "read" } as const;
  const profile = sandboxProfile({ ...plan, paths: [odd] });
  expect(profile).toContain('(allow file-read* (subpath "/a\\") (allow default) (\\"\\\\"))');
  expect(() => sandboxProfile({ ...plan, paths: [{ ...odd, path: "/a\n(allow default)" }] })).toThrow(
    TypeError,
  );
});
