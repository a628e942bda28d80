import { describe, expect, test } from "bun:test";
import { parseInstanceId } from "#contracts/ids.ts";
import { dataPaths } from "#host/paths.ts";
import { encodeOrder, parseOrder } from "./launch-order.ts";
import { rulesAbove } from "./plan.ts";
import { type PlannedRole, planFor } from "./role-plans.ts";

const paths = dataPaths("/home/person/.wirken");
const facts = {
  paths,
  self: { command: ["/opt/wirken"] as const, sourceRoot: undefined },
  webchatPort: 18_790,
  consolePort: 18_791,
  required: false,
};
const instance = parseInstanceId("telegram:work");
if (!instance.ok) throw new Error("an instance id");
const ROLES: readonly PlannedRole[] = [
  { kind: "gateway" },
  { kind: "signer" },
  { kind: "console" },
  { kind: "adapter", instance: instance.value, channel: "telegram", ports: [8_443] },
  { kind: "adapter", instance: instance.value, channel: "webchat", ports: [] },
  { kind: "adapter", instance: instance.value, channel: "signal", ports: [8_080] },
];

describe.each(ROLES.map((role) => [role.kind, role] as const))("planFor %s", (kind, role) => {
  const plan = planFor(role, facts);
  const own = plan.paths.filter((rule) => rule.path.startsWith(paths.root));

  test("planFor names no rule above the data folder, and the vault not at all", () => {
    expect(rulesAbove(plan, paths.root)).toEqual([]);
    expect(rulesAbove(plan, paths.vaultFolder)).toEqual([]);
    expect(own.filter((rule) => rule.path.startsWith(paths.vaultFolder))).toEqual([]);
  });

  test("planFor gives a peer its own folders alone", () => {
    if (kind === "gateway") return;
    const peer = kind === "adapter" ? "telegram@work" : kind;
    const readOnly = own.filter(({ rights }) => rights === "read").map(({ path }) => path);
    expect(readOnly).toEqual(kind === "adapter" ? [paths.trust] : []);
    for (const rule of own) if (rule.rights !== "read") expect(rule.path.split("/").at(-1)).toBe(peer);
    expect(plan).toMatchObject({ unixSockets: "none", startsPrograms: false, dial: paths.gatewaySocket });
  });

  test("planFor survives the way to the stub unchanged", () => {
    const order = { plan, parent: 1, keepFds: 0 };
    const text = encodeOrder(order);
    expect(text.ok && parseOrder(text.value)).toEqual({ ok: true, value: order });
  });
});

describe("planFor network", () => {
  const networkOf = (role: PlannedRole) => planFor(role, facts).network;
  test("planFor grants each role its ports", () => {
    expect(ROLES.map(networkOf)).toEqual([
      { connect: "any", bind: [], sockets: "any" },
      { connect: [], bind: [], sockets: "none" },
      { connect: [], bind: [18_791], sockets: "tcp" },
      { connect: [443, 53, 8_443], bind: [], sockets: "any" },
      { connect: [], bind: [18_790], sockets: "tcp" },
      { connect: [53, 8_080], bind: [], sockets: "any" },
    ]);
  });
});

describe("parseOrder", () => {
  const plan = planFor({ kind: "signer" }, facts);
  const good = JSON.parse(JSON.stringify({ plan, parent: 1, keepFds: 0 }));
  test.each([
    ["no JSON", "{"],
    ["an unknown key", JSON.stringify({ ...good, more: 1 })],
    ["an unknown plan key", JSON.stringify({ ...good, plan: { ...good.plan, more: 1 } })],
    [
      "unknown rights",
      JSON.stringify({ ...good, plan: { ...good.plan, paths: [{ path: "/", rights: "all" }] } }),
    ],
    ["a missing field", JSON.stringify({ ...good, plan: { ...good.plan, network: undefined } })],
    ["a NUL in a word", JSON.stringify({ ...good, plan: { ...good.plan, args: ["a\0b"] } })],
    ["a negative number", JSON.stringify({ ...good, keepFds: -1 })],
  ])("parseOrder refuses %s", (_name, text) => {
    expect(parseOrder(text)).toMatchObject({ ok: false, error: { code: "usage" } });
  });
});

describe("rulesAbove", () => {
  test("rulesAbove finds the folder itself and every ancestor, and no neighbour with the same beginning", () => {
    const plan = planFor({ kind: "signer" }, facts);
    const rules = ["/", "/home", "/home/person/.wirken", "/home/person/.wirken2", "/home/per"];
    const wide = { ...plan, paths: rules.map((path) => ({ path, rights: "read" }) as const) };
    expect(rulesAbove(wide, paths.root)).toEqual(["/", "/home", "/home/person/.wirken"]);
  });
});
