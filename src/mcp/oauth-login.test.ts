/** Logging in to a remote server: against an authorization server written by hand, honest and hostile. */
import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PlainFetch } from "./bounded-fetch.ts";
import { McpLab } from "./lab.case.ts";

const SERVER = "https://tools.example/mcp";
const ISSUER = "https://login.example";
const REDIRECT = "http://127.0.0.1:4711/callback";
const TOKEN = "CANARY-access-token-1";

interface World {
  /** Parts of what the two servers say, to replace. */
  readonly resource?: object;
  readonly issuer?: object;
  readonly token?: () => object;
}

/** The two servers as a fetch, and what they were sent. */
function world({ resource = {}, issuer = {}, token }: World = {}) {
  const sent: { readonly url: string; readonly body: string; readonly authorization: string }[] = [];
  const json = (value: object, status = 200, headers: Record<string, string> = {}): Response =>
    new Response(JSON.stringify(value), {
      status,
      headers: { "content-type": "application/json", ...headers },
    });
  const fetch: PlainFetch = async (url, init) => {
    const authorization = new Headers(init.headers).get("authorization") ?? "";
    const body = init.body === undefined || init.body === null ? "" : await new Response(init.body).text();
    sent.push({ url, body, authorization });
    if (url === SERVER) return answerOf(authorization, body);
    if (url.startsWith("https://tools.example/.well-known/oauth-protected-resource")) {
      return json({
        resource: SERVER,
        authorization_servers: [ISSUER],
        scopes_supported: ["use"],
        ...resource,
      });
    }
    if (url.includes("/.well-known/")) {
      return json({
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/authorize`,
        token_endpoint: `${ISSUER}/token`,
        registration_endpoint: `${ISSUER}/register`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        ...issuer,
      });
    }
    if (url.endsWith("/register")) return json({ ...JSON.parse(body), client_id: "c-1" }, 201);
    if (url.endsWith("/token")) return json(token?.() ?? tokens(TOKEN));
    return new Response("", { status: 404 });
  };
  const answerOf = (authorization: string, body: string): Response => {
    if (authorization !== `Bearer ${TOKEN}` && authorization !== "Bearer second-token-22") {
      const metadata = "https://tools.example/.well-known/oauth-protected-resource/mcp";
      return json({}, 401, { "www-authenticate": `Bearer resource_metadata="${metadata}", scope="use"` });
    }
    if (
      authorization === `Bearer ${TOKEN}` &&
      sent.some(({ body: each }) => each.includes("refresh_token=r-1"))
    ) {
      return json({}, 401);
    }
    const request: { id?: number; method: string } = JSON.parse(body === "" ? '{"method":"get"}' : body);
    if (request.id === undefined) return new Response(null, { status: request.method === "get" ? 405 : 202 });
    const capabilities = { tools: {} };
    const hello = { protocolVersion: "2025-06-18", capabilities, serverInfo: { name: "far", version: "1" } };
    const result = request.method === "initialize" ? hello : { tools: [] };
    return json({ jsonrpc: "2.0", id: request.id, result });
  };
  return { fetch, sent };
}

function tokens(access: string): object {
  return { access_token: access, token_type: "Bearer", expires_in: 60, refresh_token: "r-1", scope: "use" };
}

function lab(fetch: PlainFetch, oauth: object = {}): McpLab {
  return new McpLab({ servers: { far: { url: SERVER, oauth } }, fetch });
}

async function begun(of: McpLab): Promise<URL> {
  await of.until("far", ({ state }) => state === "login");
  const begin = await of.logins.get("far")?.begin(REDIRECT);
  if (begin?.ok !== true) throw new Error(begin?.error.message ?? "no login");
  return new URL(begin.value.url);
}

describe("OAuthLogin", () => {
  test("OAuthLogin logs in with PKCE and the resource named, keeps tokens sealed, and connects", async () => {
    const { fetch, sent } = world();
    await using far = lab(fetch);
    const url = await begun(far);
    expect(url.origin).toBe(ISSUER);
    const asked = Object.fromEntries(url.searchParams);
    expect(asked).toMatchObject({
      code_challenge_method: "S256",
      resource: SERVER,
      redirect_uri: REDIRECT,
      scope: "use",
    });
    const stray = await far.logins.get("far")?.finish("code=abc&state=another"); // costs the attempt nothing
    expect(stray).toMatchObject({ ok: false, error: { message: expect.stringContaining("another login") } });
    const done = await far.logins.get("far")?.finish(`code=abc&state=${asked["state"]}`);
    expect(done).toEqual({ ok: true, value: { scope: "use" } });
    const exchange = new URLSearchParams(sent.find(({ url: to }) => to.endsWith("/token"))?.body);
    expect(exchange.get("code_verifier")?.length).toBeGreaterThan(42);
    expect(exchange.get("resource")).toBe(SERVER);
    far.server("far").reconnect();
    expect((await far.ready("far")).title).toBe("far 1");
    const folder = join(far.root, "state");
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
    expect(kept.length).toBe(1);
    expect(kept.join("")).not.toContain("CANARY");
    expect(JSON.stringify([...far.views.values()])).not.toContain("CANARY");
  });

  test("OAuthLogin refreshes a token that is no longer taken, in the proxy alone", async () => {
    let given = 0;
    const { fetch, sent } = world({ token: () => tokens(given++ === 0 ? TOKEN : "second-token-22") });
    await using far = lab(fetch);
    const url = await begun(far);
    await far.logins.get("far")?.finish(`code=abc&state=${url.searchParams.get("state")}`);
    far.server("far").reconnect();
    const { starts } = await far.ready("far");
    sent.push({ url: "", body: "refresh_token=r-1", authorization: "" }); // from now on the first token is refused
    far.server("far").reconnect();
    await far.until("far", (view) => view.state === "ready" && view.starts > starts);
    expect(sent.filter(({ body }) => body.includes("grant_type=refresh_token"))).toHaveLength(1);
    expect(sent.at(-1)?.authorization).toBe("Bearer second-token-22");
  });

  test("OAuthLogin takes one answer, of this attempt and of the server that was asked", async () => {
    const { fetch, sent } = world({ issuer: { authorization_response_iss_parameter_supported: true } });
    await using far = lab(fetch);
    const login = far.logins.get("far");
    expect(await login?.finish("code=abc&state=x")).toMatchObject({ ok: false });
    const state = (await begun(far)).searchParams.get("state");
    expect(await login?.finish("code=abc&state=other")).toMatchObject({ ok: false });
    expect(await login?.finish(`code=abc&state=${state}`)).toMatchObject({ ok: false }); // no issuer, though promised
    expect(await login?.finish(`code=abc&state=${state}&iss=${ISSUER}`)).toMatchObject({ ok: false }); // spent
    const second = (await begun(far)).searchParams.get("state");
    const foreign = encodeURIComponent("https://evil.example");
    expect(await login?.finish(`code=abc&state=${second}&iss=${foreign}`)).toMatchObject({ ok: false });
    expect(sent.some(({ url }) => url.endsWith("/token"))).toBe(false);
    const third = (await begun(far)).searchParams.get("state");
    expect(await login?.finish(`code=abc&state=${third}&iss=${encodeURIComponent(ISSUER)}`)).toMatchObject({
      ok: true,
    });
  });

  test.each([
    [
      "an authorization server that mcp.json does not allow",
      { resource: {} },
      { issuer: "https://other.example" },
    ],
    ["one without TLS", { resource: { authorization_servers: ["http://login.example"] } }, {}],
    [
      "one on loopback, named by a server that is not",
      { resource: { authorization_servers: ["http://127.0.0.1:9"] } },
      {},
    ],
    ["one that calls itself otherwise", { issuer: { issuer: "https://evil.example" } }, {}],
    ["a resource that is another server's", { resource: { resource: "https://evil.example/mcp" } }, {}],
  ])("OAuthLogin refuses %s before anything is sent there", async (_, of, oauth) => {
    const { fetch, sent } = world(of);
    await using far = lab(fetch, oauth);
    await far.until("far", ({ state }) => state === "login");
    const begin = await far.logins.get("far")?.begin(REDIRECT);
    expect(begin?.ok).toBe(false);
    expect(sent.some(({ url }) => /register|token|authorize/.test(url))).toBe(false);
    expect(sent.some(({ url }) => url.startsWith("http:"))).toBe(false);
  });

  test("OAuthLogin begins nothing by itself: a server that wants a login is asked once and waits", async () => {
    const { fetch, sent } = world();
    await using far = lab(fetch);
    await far.until("far", ({ state }) => state === "login");
    await Bun.sleep(50);
    expect(sent.map(({ url }) => url)).toEqual([SERVER]);
    expect(await far.logins.get("far")?.begin("https://evil.example/callback")).toMatchObject({ ok: false });
    expect(await far.logins.get("far")?.begin("http://127.0.0.1:1/other")).toMatchObject({ ok: false });
  });
});

describe("boundedFetch", () => {
  test("boundedFetch ends an answer of more than 4 MiB, and an endless event", async () => {
    for (const type of ["application/json", "text/event-stream"]) {
      const fetch: PlainFetch = () => Promise.resolve(endless(type));
      await using far = lab(fetch);
      const view = await far.until("far", ({ state }) => state === "waiting");
      expect(view.code).toBe("too_large");
    }
  }, 20_000);
});

/** A gigabyte without an end. */
function endless(type: string): Response {
  const piece = new Uint8Array(1_048_576).fill(0x78);
  let left = 1_024;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
  });
  return new Response(body, { headers: { "content-type": type } });
}
