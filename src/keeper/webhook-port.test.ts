/** The one port that a channel may listen on: from the configuration into its plan, and nobody else's. */
import { expect, test } from "bun:test";
import { planFor } from "#confine/role-plans.ts";
import { configSchema } from "#contracts/config.ts";
import { dataPaths } from "#host/paths.ts";
import { configuredAdapter } from "./roster.ts";

const facts = {
  paths: dataPaths("/home/person/.wirken"),
  self: { command: ["/opt/wirken"] as const, sourceRoot: undefined },
  webchatPort: 18_790,
  consolePort: 18_791,
  required: false,
};

function networkOf(instance: string, entry: object) {
  const config = configSchema.parse({ channels: { [instance]: entry } });
  const role = configuredAdapter(config, instance);
  if (!role.ok) throw new Error(role.error.message);
  return planFor(role.value, facts).network;
}

test("configuredAdapter lets a channel that listens bind its port alone, and still call out", () => {
  expect(networkOf("whatsapp", {})).toEqual({ connect: [443, 53], bind: [18_793], sockets: "any" });
  expect(networkOf("googlechat", { port: 20_000 })).toEqual({
    connect: [443, 53],
    bind: [20_000],
    sockets: "any",
  });
  expect(networkOf("whatsapp:shop", { port: 20_001, api_base: "http://127.0.0.1:4601" })).toEqual({
    connect: [443, 53, 4_601],
    bind: [20_001],
    sockets: "any",
  });
});

test("configuredAdapter lets a channel that calls out bind nothing, whatever config.json says", () => {
  expect(networkOf("telegram", { port: 20_000 }).bind).toEqual([]);
  for (const port of [80, 1_023, 0, 65_536, -1, 1.5, "20000"]) {
    expect(configSchema.safeParse({ channels: { whatsapp: { port } } }).success).toBe(false);
  }
});
