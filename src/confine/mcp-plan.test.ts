/** What MCP servers and their proxy may reach, as data. */
import { describe, expect, test } from "bun:test";
import { type McpStdioEntry, mcpFileSchema } from "#contracts/mcp-config.ts";
import { dataPaths } from "#host/paths.ts";
import { encodeOrder, parseOrder } from "./launch-order.ts";
import { mcpReach, mcpServerGuard, mcpServerPlan } from "./mcp-plan.ts";
import { rulesAbove } from "./plan.ts";
import { planFor } from "./role-plans.ts";

const paths = dataPaths("/home/person/.wirken");
const pin = {
  entry: "0".repeat(64),
  command: "/opt/server",
  sha256: "0".repeat(64),
  files: { "/opt/a.js": "0".repeat(64) },
};

function fileOf(servers: Readonly<Record<string, unknown>>) {
  return mcpFileSchema.parse({ mcpServers: servers });
}

function planOf(more: Readonly<Record<string, unknown>> = {}) {
  const entry = fileOf({ one: { command: "server", pin, ...more } }).mcpServers["one"];
  if (entry === undefined || !("command" in entry)) throw new Error("entry");
  const stdio: McpStdioEntry = entry;
  return mcpServerPlan({ entry: stdio, program: "/opt/server", folder: paths.mcp("one"), required: false });
}

describe("mcpServerPlan", () => {
  test("mcpServerPlan gives a program its own folder of the data folder alone, and no network", () => {
    const plan = planOf({ read: ["/srv/docs"], write: ["/srv/out"] });
    expect(plan.paths.filter(({ path }) => path.startsWith(paths.root))).toEqual([
      { path: paths.mcp("one"), rights: "work", make: "folder" },
    ]);
    expect(rulesAbove(plan, paths.root)).toEqual([]);
    expect(plan.paths.filter(({ path }) => path.startsWith("/srv"))).toEqual([
      { path: "/srv/docs", rights: "run" },
      { path: "/srv/out", rights: "work" },
    ]);
    expect(plan).toMatchObject({
      network: { connect: [], bind: [], sockets: "none" },
      unixSockets: "none",
      handoff: [],
    });
    expect(plan.dial).toBeUndefined();
  });

  test("mcpServerPlan leaves who is held to hosts the broker's port alone, whatever its entry sets", () => {
    const plan = planOf({ hosts: ["a.example"], env: { HTTPS_PROXY: "http://evil.example:1" } });
    expect(plan.network).toEqual({ connect: [3_128], bind: [], sockets: "tcp", listener: 3_128 });
    expect(plan.env["HTTPS_PROXY"]).toBe("http://127.0.0.1:3128");
    expect(plan.makesNetworks).toBeUndefined();
    const text = encodeOrder({ plan, parent: 1, keepFds: 1, door: { descriptor: 4, tag: 0 } });
    expect(text.ok && parseOrder(text.value)).toMatchObject({ ok: true, value: { plan } });
  });

  test("mcpServerPlan names credentials and holds none of their values", () => {
    const plan = planOf({ credentials: { TOKEN: "token" }, env: { MODE: "calm" } });
    expect(plan.secretEnv).toEqual(["TOKEN"]);
    expect(Object.keys(plan.env).toSorted()).toEqual(["HOME", "LANG", "MODE", "PATH", "TMPDIR"]);
    const order = { plan, parent: 1, keepFds: 1 };
    const text = encodeOrder(order);
    expect(text.ok && parseOrder(text.value)).toEqual({ ok: true, value: order });
  });

  test("mcpServerGuard bounds what a server may use, and its life not at all", () => {
    const entry = fileOf({ one: { command: "server", limits: { memoryMb: 64, processes: 8 } } }).mcpServers[
      "one"
    ];
    if (entry === undefined || !("command" in entry)) throw new Error("entry");
    const guard = mcpServerGuard(entry);
    expect(guard).toMatchObject({ memoryBytesMax: 64 * 1_048_576, processesMax: 8 });
    expect(guard.msMax).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("mcpReach", () => {
  const facts = {
    paths,
    self: { command: ["/opt/wirken"] as const, sourceRoot: undefined },
    webchatPort: 1,
    consolePort: 2,
    required: false,
  };
  const reachOf = (servers: Readonly<Record<string, unknown>>) => mcpReach(fileOf(servers));

  test("mcpReach is what the entries need: nothing for confined programs, ports for remote servers", () => {
    expect(reachOf({ one: { command: "server", pin } }).network).toEqual({
      connect: [],
      bind: [],
      sockets: "none",
    });
    expect(reachOf({ far: { url: "https://far.example:8443/mcp" } }).network.connect).toEqual([
      443, 53, 8_443,
    ]);
    const oauth = { issuer: "http://127.0.0.1:9000" };
    expect(reachOf({ far: { url: "http://127.0.0.1/mcp", oauth } }).network.connect).toEqual([
      443, 53, 80, 9_000,
    ]);
    expect(reachOf({ one: { command: "server", network: "unconfined" } }).network.connect).toBe("any");
    expect(reachOf({ far: { url: "https://far.example", disabled: true } }).network.sockets).toBe("none");
  });

  test("mcpReach has the ports of hosts and the broker's, and the configured proxy's, for who is held to hosts", () => {
    const one = { command: "server", pin, hosts: ["a.example", "b.example:8443", "http://c.example"] };
    const reach = mcpReach(fileOf({ one }), [8_080]);
    expect(reach.makesNetworks).toBe(true);
    expect(reach.network).toEqual({
      connect: [3_128, 53, 443, 8_443, 80, 8_080],
      bind: [3_128],
      sockets: "any",
    });
    expect(planFor({ kind: "mcp-proxy", reach }, facts).makesNetworks).toBe(true);
    const free = mcpReach(fileOf({ one: { ...one, network: "unconfined" } }));
    expect([free.makesNetworks, free.network.connect]).toEqual([false, "any"]);
    for (const host of ["*", "*.example", "a.example/path", "user@a.example", "ftp://a.example", ""]) {
      expect(() => fileOf({ one: { ...one, hosts: [host] } })).toThrow();
    }
  });

  test("planFor mcp-proxy reads no vault, no record, no configuration, and keeps its own state alone", () => {
    const servers = { one: { command: "server", pin, read: ["/srv/docs"] } };
    const plan = planFor({ kind: "mcp-proxy", reach: reachOf(servers) }, facts);
    const own = plan.paths.filter(({ path }) => path.startsWith(paths.root)).map(({ path }) => path);
    expect(
      own.filter((path) => ![paths.state("mcp"), `${paths.root}/mcp`, paths.trust].includes(path)),
    ).toEqual([]);
    expect(rulesAbove(plan, paths.root)).toEqual([]);
    for (const path of [paths.mcpFile, paths.config, paths.auditFolder, paths.vaultFolder]) {
      expect(own.some((rule) => path === rule || path.startsWith(`${rule}/`))).toBe(false);
    }
    expect(plan).toMatchObject({ unixSockets: "none", dial: paths.gatewaySocket, startsPrograms: true });
    expect(plan.paths).toContainEqual({ path: "/srv/docs", rights: "run" });
  });

  test("no role but the keeper and the command line can open mcp.json", () => {
    for (const kind of ["gateway", "signer", "console"] as const) {
      const { paths: rules } = planFor({ kind }, facts);
      expect(rules.some(({ path }) => paths.mcpFile === path || paths.mcpFile.startsWith(`${path}/`))).toBe(
        false,
      );
    }
  });
});
