/** A boxed command with a network: what it reaches is what was approved, through the broker, and nothing beside it. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { edgeCredential } from "#broker/rule.ts";
import { BoxDesk } from "#box/desk.ts";
import { STUB, whyNoBox } from "#box/lab.case.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import { parseToBox } from "#contracts/box-link.ts";
import { BoxClient } from "#gateway/box-client.ts";
import { BoxDoors } from "#gateway/box-doors.ts";
import { SecretString } from "#contracts/secret.ts";
import { BeneathRoot } from "#host/beneath.ts";
import { loadLibc } from "#host/libc.ts";
import { dataPaths } from "#host/paths.ts";
import { socketPair } from "#host/socket-pair.ts";
import { systemClock } from "#runtime/clock.ts";
import { type ToolLab, toolLab } from "#tools/lab.case.ts";
import type { ToolOutcome } from "#tools/tool.ts";
import type { ToolCredentials } from "#tools/tool-credential.ts";

const why = await whyNoBox();
const SECRET = "CANARY-box-credential-0815";
const reached: string[] = [];
const keys: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const { pathname } = new URL(request.url);
    reached.push(pathname);
    const key = request.headers.get("x-api-key") ?? "none";
    keys.push(key);
    if (pathname === "/keyed") return new Response(`keyed by ${key}`, { headers: { "x-echo": key } });
    return new Response("from the server");
  },
});
const roots: string[] = [];
afterAll(() => {
  void server.stop(true);
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});
const port = server.port ?? 0;

/** A lab whose commands run in a real box, with the runtime as a program that they can start. */
function boxedLab(credentials: ToolCredentials = new Map()): ToolLab {
  const [prefix, libc, door] = [namespacePrefix("no proc"), loadLibc(), socketPair()];
  if (!prefix.ok || libc === undefined || door === undefined) throw new Error("no box");
  const client: BoxClient = new BoxClient(
    (line) => {
      const message = parseToBox(line);
      if (message.ok) void desk.take(message.value);
      return message.ok;
    },
    new BoxDoors(libc, door[0], systemClock),
  );
  client.receive(JSON.stringify({ kind: "ready", enforced: true, detail: "" }));
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wirken-boxnet-")));
  const paths = dataPaths(root);
  const workspacePath = paths.workspace("default");
  mkdirSync(workspacePath, { recursive: true, mode: 0o700 });
  mkdirSync(paths.operator, { recursive: true, mode: 0o700 });
  const folders = [{ path: dirname(process.execPath), access: "read" }] as const;
  writeFileSync(paths.folders, JSON.stringify({ version: 1, agents: { default: folders } }));
  const desk = new BoxDesk({
    paths,
    clock: systemClock,
    self: STUB,
    prefix: prefix.value,
    door: door[1],
    send: (message) => client.receive(JSON.stringify(message)),
    drained: () => Promise.resolve(),
  });
  const workspace = BeneathRoot.open(workspacePath);
  if (!workspace.ok) throw new Error(workspace.error.message);
  roots.push(root);
  return toolLab({
    box: { port: client, agent: "default", paths, folders, missing: "" },
    dataRoot: root,
    workspacePath,
    workspace: workspace.value,
    resolve: async () => ["127.0.0.1"],
    privateHosts: ["lab.example"],
    credentials,
  });
}

const script = (code: string): string => `${process.execPath} -e '${code}'`;
const get = (url: string): string =>
  script(`console.log(await fetch("${url}").then((answer) => answer.text(), (error) => error.code))`);

describe.skipIf(why !== "")(`exec in a box with a network${why === "" ? "" : ` (${why})`}`, () => {
  const run = (lab: ToolLab, command: string, network: readonly string[]): Promise<ToolOutcome> =>
    lab.run("exec", { command, network: [...network] });
  const granted = [`http://lab.example:${port}`];

  test("exec reaches the host that was approved, each request with its verdict", async () => {
    using lab = boxedLab();
    const outcome = await run(lab, get(`http://lab.example:${port}/a`), granted);
    expect(outcome.output).toContain("from the server");
    expect(reached).toEqual(["/a"]);
    expect(lab.verdicts).toMatchObject([
      { verdict: "allow", reason: "granted", method: "GET", host: "lab.example", port },
    ]);
  });

  test("exec reaches no other host, port or address, by the broker or beside it", async () => {
    using lab = boxedLab();
    const before = reached.length;
    const other = await run(lab, get(`http://other.example:${port}/b`), granted);
    expect(other.output).toContain("the host was not granted");
    const direct = `const net = require("node:net");
      for (const [host, port] of [["127.0.0.1", ${port}], ["93.184.216.34", 443], ["::1", ${port}]]) {
        const word = await new Promise((done) => net.connect({ host, port })
          .once("connect", () => done("reached")).once("error", (error) => done(error.code)));
        console.log(host, word);
      }
      try { require("node:dgram").createSocket("udp4").on("error", (e) => console.log("udp", e.code)).bind(0, () => console.log("udp bound")); }
      catch (error) { console.log("udp", error.code); }
      setTimeout(() => process.exit(0), 300);`;
    const beside = await run(lab, script(direct.replaceAll("\n", " ")), granted);
    expect(beside.output).not.toContain("reached");
    expect(beside.output).not.toContain("udp bound");
    expect(beside.output).toMatch(/127\.0\.0\.1 E/); // the attack did run
    expect(reached.length).toBe(before);
    expect(lab.verdicts.map(({ reason }) => reason)).toEqual(["host"]);
  });

  test("exec reaches no private address under a public name", async () => {
    using lab = boxedLab();
    const wish = [`http://public.example:${port}`];
    const outcome = await run(lab, get(`http://public.example:${port}/c`), wish);
    expect(outcome.output).toContain("private or local address");
    expect(lab.verdicts).toMatchObject([{ verdict: "refuse", reason: "private_address" }]);
    expect(reached).not.toContain("/c");
  });

  test("exec has a credential added that it never holds, and cannot have it said back or sent elsewhere", async () => {
    const secret = SecretString.take(new TextEncoder().encode(SECRET));
    const edge = edgeCredential("lab", { header: "x-api-key", prefix: "", secret });
    if (!edge.ok) throw new Error("a credential");
    const origin = { scheme: "http", host: "lab.example", port } as const;
    using lab = boxedLab(new Map([["lab", { origin, edge: edge.value }]]));
    const use = (command: string, network: readonly string[] = granted): Promise<ToolOutcome> =>
      lab.run("exec", { command, network: [...network], credentials: ["lab"] });
    const outcome = await use(`${get(`http://lab.example:${port}/keyed`)}; env; cat /proc/self/environ`);
    expect(outcome.output).toContain(`keyed by ${"*".repeat(SECRET.length)}`);
    expect(outcome.output).not.toContain(SECRET);
    expect(keys.at(-1)).toBe(SECRET); // it did go out
    expect(lab.verdicts).toMatchObject([{ verdict: "allow", host: "lab.example", credential: "lab" }]);
    const without = await run(lab, get(`http://lab.example:${port}/keyed`), granted);
    expect(without.output).toContain("keyed by none");
    const other = `http://other.example:${port}`;
    await use(get(`${other}/keyed`), [...granted, other]);
    expect(keys.filter((key) => key === SECRET)).toHaveLength(1);
  });

  test("exec without a network has no listener, and two runs at once each have their own", async () => {
    using lab = boxedLab();
    const none = await run(lab, get(`http://lab.example:${port}/d`), []);
    expect(none.output).not.toContain("from the server");
    const both = await Promise.all([
      run(lab, get(`http://lab.example:${port}/e`), granted),
      run(lab, get(`http://other.example:${port}/f`), [`http://other.example:${port}`]),
    ]);
    expect(both[0]?.output).toContain("from the server");
    expect(both[1]?.output).toContain("private or local address");
  });
});
