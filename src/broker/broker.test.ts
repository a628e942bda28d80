import { afterAll, describe, expect, test } from "bun:test";
import { type Socket, createServer } from "node:net";
import { SecretString } from "#contracts/secret.ts";
import { brokerLab, certificateFor, companyProxy, rule } from "./lab.case.ts";
import { edgeCredential } from "./rule.ts";

/** What arrived at a plain server, connection by connection. */
const arrived: string[] = [];
const sockets = new Set<Socket>();
const echo = createServer((socket) => {
  sockets.add(socket);
  const index = arrived.push("") - 1;
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => {
    arrived[index] += bytes.toString("latin1");
    const text = arrived[index] ?? "";
    const head = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
    if (head !== -1 && text.length >= head + 4 + length)
      socket.end("HTTP/1.1 302 Found\r\nlocation: http://other.example/\r\ncontent-length: 2\r\n\r\nok");
  });
});
const listening = Promise.withResolvers<void>();
echo.listen(0, "127.0.0.1", listening.resolve);
await listening.promise;
const address = echo.address();
const port = typeof address === "object" && address !== null ? address.port : 0;
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  echo.close();
});

const plain = rule({ scheme: "http", host: "lab.example", port });
const get = (target: string, more = ""): string =>
  `GET ${target} HTTP/1.1\r\nHost: elsewhere.example\r\n${more}\r\n`;
const last = (): string => arrived.at(-1) ?? "";

describe("Broker", () => {
  test("Broker sends a granted request on, with the host that was judged, and hands a redirect back", async () => {
    await using lab = await brokerLab([plain]);
    const answer = await lab.raw(
      get(`http://LAB.example:${port}/a?b=1`, "X-One: 1\r\nProxy-Connection: keep-alive\r\n"),
    );
    expect(answer).toContain("302 Found");
    expect(last()).toBe(
      `GET /a?b=1 HTTP/1.1\r\nhost: lab.example:${port}\r\nx-one: 1\r\nconnection: close\r\n\r\n`,
    );
    expect(lab.verdicts).toEqual([
      { verdict: "allow", reason: "granted", method: "GET", host: "lab.example", port, credential: "" },
    ]);
  });

  test("Broker lets nothing out before its verdict is recorded", async () => {
    const before = arrived.length;
    await using lab = await brokerLab([plain], {
      onVerdict: () => Promise.reject(new Error("the log is full")),
    });
    expect(await lab.raw(get(`http://lab.example:${port}/`))).toBe("");
    expect(arrived.length).toBe(before);
  });

  test.each([
    ["another host", get("http://other.example/"), "host", "403"],
    ["another port", get("http://lab.example/"), "port", "403"],
    ["a tunnel to a plain port", `CONNECT lab.example:${port} HTTP/1.1\r\n\r\n`, "not_tls", "403"],
    ["a request to us and not through us", get("/"), "malformed", "400"],
    ["a user part", get(`http://u:p@lab.example:${port}/`), "malformed", "400"],
    ["a host behind a backslash", get(`http://lab.example\\@other.example:${port}/`), "malformed", "400"],
    ["a lone line feed", `GET http://lab.example:${port}/ HTTP/1.1\nHost: x\r\n\r\n`, "malformed", "400"],
    [
      "a line feed in a header",
      get(`http://lab.example:${port}/`, "X-A: 1\nHost: y\r\n"),
      "malformed",
      "400",
    ],
    [
      "a carriage return in a header",
      get(`http://lab.example:${port}/`, "X-A: 1\rHost: y\r\n"),
      "malformed",
      "400",
    ],
    ["a folded header", get(`http://lab.example:${port}/`, "X-A: 1\r\n more: 2\r\n"), "malformed", "400"],
    ["a space before the colon", get(`http://lab.example:${port}/`, "Host : y\r\n"), "malformed", "400"],
    [
      "two lengths",
      get(`http://lab.example:${port}/`, "Content-Length: 1\r\nContent-Length: 2\r\n"),
      "malformed",
      "400",
    ],
    ["a signed length", get(`http://lab.example:${port}/`, "Content-Length: +5\r\n"), "malformed", "400"],
    ["chunks", get(`http://lab.example:${port}/`, "Transfer-Encoding: chunked\r\n"), "length", "411"],
    [
      "a length hidden by Connection",
      get(`http://lab.example:${port}/`, "Transfer-Encoding: x\r\nConnection: transfer-encoding\r\n"),
      "length",
      "411",
    ],
    ["a NUL", get(`http://lab.example:${port}/\0`), "malformed", "400"],
    ["noise", "\u0016\u0003\u0001\r\n\r\n", "malformed", "400"],
  ])("Broker refuses %s", async (_name, text, reason, status) => {
    const before = arrived.length;
    await using lab = await brokerLab([plain]);
    expect(await lab.raw(text)).toStartWith(`HTTP/1.1 ${status}`);
    expect(lab.verdicts).toMatchObject([{ verdict: "refuse", reason }]);
    expect(arrived.length).toBe(before);
  });

  test.each([
    "localhost",
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "0x7f.1",
    "[::ffff:127.0.0.1]",
    "127.0.0.1.",
    "①②⑦.0.0.1",
  ])("Broker reaches no private address as %s", async (host) => {
    const names = ["localhost", "127.0.0.1", "::1", "::ffff:7f00:1"];
    const rules = names.map((name) => rule({ scheme: "http", host: name, port, privateAddress: false }));
    await using lab = await brokerLab(rules);
    const answer = await lab.raw(get(`http://${host}:${port}/`));
    expect(answer.slice(0, 12)).toMatch(/HTTP\/1\.1 40[03]/);
    expect(lab.verdicts.map(({ verdict }) => verdict)).toEqual(["refuse"]);
  });

  test("Broker resolves once, and refuses a name with one address that is not public", async () => {
    const asked: string[] = [];
    const resolve = async (host: string): Promise<readonly string[]> => {
      asked.push(host);
      return asked.length === 1 ? ["93.184.216.34", "169.254.169.254"] : ["127.0.0.1"];
    };
    await using lab = await brokerLab([rule({ ...plain, privateAddress: false })], { resolve });
    expect(await lab.raw(get(`http://lab.example:${port}/`))).toStartWith("HTTP/1.1 403");
    expect(lab.verdicts).toMatchObject([{ reason: "private_address" }]);
    expect(asked).toEqual(["lab.example"]);
  });

  test.each([
    ["no address", async () => []],
    ["a resolver that fails", () => Promise.reject(new Error("no such name"))],
  ])("Broker refuses a name with %s, and says so", async (_, resolve) => {
    await using lab = await brokerLab([plain], { resolve });
    expect(await lab.raw(get(`http://lab.example:${port}/`))).toStartWith("HTTP/1.1 502");
    expect(lab.verdicts).toMatchObject([{ verdict: "refuse", reason: "unresolved" }]);
  });

  test("Broker says of a host that does not answer that it does not", async () => {
    await using lab = await brokerLab([rule({ scheme: "http", host: "lab.example", port: 1 })]);
    expect(await lab.raw(get("http://lab.example:1/"))).toStartWith("HTTP/1.1 502");
    expect(lab.verdicts.map(({ reason }) => reason)).toEqual(["granted", "unreachable"]);
  });

  test("Broker passes no second request behind a body", async () => {
    await using lab = await brokerLab([plain]);
    const head = `POST http://lab.example:${port}/ HTTP/1.1\r\nContent-Length: 3\r\n\r\n`;
    await lab.raw(`${head}abcGET http://lab.example:${port}/smuggled HTTP/1.1\r\n\r\n`);
    expect(last()).toEndWith("content-length: 3\r\nconnection: close\r\n\r\nabc");
  });

  test("Broker holds a call to its methods and paths", async () => {
    const read = rule({ ...plain, methods: ["GET", "HEAD"], pathPrefix: "/api" });
    await using lab = await brokerLab([read]);
    const ask = async (method: string, path: string): Promise<string> => {
      const answer = await lab.raw(`${method} http://lab.example:${port}${path} HTTP/1.1\r\n\r\n`);
      return answer.slice(9, 12);
    };
    expect(await ask("GET", "/api/x")).toBe("302");
    for (const path of ["/apix", "/api/%2e%2e/x", "/api//x", "/api/..;/x"])
      expect([path, await ask("GET", path)]).toEqual([path, "403"]);
    expect(await ask("DELETE", "/api/x")).toBe("403");
    expect(lab.verdicts.map(({ reason }) => reason)).toEqual([
      "granted",
      "path",
      "path",
      "path",
      "path",
      "method",
    ]);
  });

  test("Broker knows a call by its token where others can reach the listener", async () => {
    await using lab = await brokerLab([plain], { token: "t0ken" });
    const shown = (token: string): string => `Proxy-Authorization: Basic ${btoa(`wirken:${token}`)}\r\n`;
    const target = `http://lab.example:${port}/`;
    expect(await lab.raw(get(target))).toStartWith("HTTP/1.1 407");
    expect(await lab.raw(get(target, shown("other")))).toStartWith("HTTP/1.1 407");
    expect(await lab.raw(get(target, shown("t0ken")))).toStartWith("HTTP/1.1 302");
    expect(last()).not.toContain("roxy");
  });

  test("Broker ends a connection that says nothing, says too much, or exceeds its bytes", async () => {
    await using quiet = await brokerLab([plain], { limits: { stepMs: 30 } });
    expect(await quiet.raw("GET ")).toStartWith("HTTP/1.1 400");
    await using lab = await brokerLab([plain], { limits: { bytesOutMax: 1_000 } });
    expect(await lab.raw(`GET ${"x".repeat(70_000)}`)).toStartWith("HTTP/1.1 400");
    const head = `POST http://lab.example:${port}/ HTTP/1.1\r\nContent-Length: 5000\r\n\r\n`;
    expect(await lab.raw(head + "x".repeat(5_000))).toBe("");
    expect(last().length).toBeLessThanOrEqual(1_000);
    await using little = await brokerLab([plain], { limits: { bytesInMax: 20 } });
    expect((await little.raw(get(`http://lab.example:${port}/`))).length).toBeLessThanOrEqual(20);
  });

  test("Broker goes through the configured proxy to the address that it judged, and says when that refuses", async () => {
    const resolve = async () => ["93.184.216.34"];
    using proxy = await companyProxy();
    await using lab = await brokerLab([plain], {
      resolve,
      proxy: { host: "127.0.0.1", port: proxy.port, secure: false },
    });
    expect(await lab.raw(get(`http://lab.example:${port}/`))).toStartWith("HTTP/1.1 302");
    expect(proxy.asked).toEqual([`93.184.216.34:${port}`]);
    using closed = await companyProxy("403 Forbidden");
    await using other = await brokerLab([plain], {
      resolve,
      proxy: { host: "127.0.0.1", port: closed.port, secure: false },
    });
    expect(await other.raw(get(`http://lab.example:${port}/`))).toStartWith("HTTP/1.1 502");
  });

  test("Broker serves so many connections at a time and no more", async () => {
    await using lab = await brokerLab([plain], { limits: { connectionsMax: 2, stepMs: 300 } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => lab.raw("GET ")));
    expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 429")).length).toBe(3);
  });
});

// The certificates are made here: without openssl on the machine there are none, and the suite's name says so.
const openssl = Bun.which("openssl");
describe.skipIf(openssl === null)("Broker over TLS (needs openssl)", () => {
  const made =
    openssl === null ? { key: "", cert: "" } : certificateFor(openssl, ["lab.example", "other.example"]);
  const seen: string[] = [];
  const secure = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: made,
    fetch: (request) => {
      seen.push(`${new URL(request.url).pathname} ${request.headers.get("authorization") ?? "none"}`);
      return new Response("secure");
    },
  });
  const securePort = secure.port ?? 0;
  afterAll(() => secure.stop(true));
  const through = (proxy: number, url: string, serverName?: string): Promise<Response> =>
    fetch(url, {
      proxy: `http://127.0.0.1:${proxy}`,
      tls: { ca: made.cert, ...(serverName === undefined ? {} : { serverName }) },
    });

  test("Broker tunnels TLS for the granted name", async () => {
    await using lab = await brokerLab([rule({ host: "lab.example", port: securePort })]);
    const answer = await through(lab.port, `https://lab.example:${securePort}/x`);
    expect(await answer.text()).toBe("secure");
    expect(lab.verdicts).toMatchObject([{ verdict: "allow", method: "CONNECT", host: "lab.example" }]);
  });

  test("Broker closes a tunnel in which TLS is begun for another name, or no TLS at all", async () => {
    await using lab = await brokerLab([rule({ host: "lab.example", port: securePort })]);
    const before = seen.length;
    const other = through(lab.port, `https://lab.example:${securePort}/y`, "other.example");
    await expect(other).rejects.toThrow();
    const open = `CONNECT lab.example:${securePort} HTTP/1.1\r\n\r\n`;
    expect(await lab.raw(`${open}GET / HTTP/1.1\r\n\r\n`)).toBe(
      "HTTP/1.1 200 Connection established\r\n\r\n",
    );
    expect(lab.verdicts.map(({ reason }) => reason)).toEqual([
      "granted",
      "server_name",
      "granted",
      "not_tls",
    ]);
    expect(seen.length).toBe(before);
  });

  test("Broker adds a credential at the edge, over TLS, to requests it can read", async () => {
    const secret = SecretString.take(new TextEncoder().encode("s3cret"));
    const credential = edgeCredential("lab", { header: "authorization", prefix: "Bearer ", secret });
    if (!credential.ok) throw new Error("a credential");
    const rules = [
      rule({ host: "lab.example", port: securePort, credential: credential.value, methods: ["GET"] }),
    ];
    await using lab = await brokerLab(rules, { ca: [made.cert] });
    const answer = await lab.raw(get("http://lab.example/edge", "Authorization: mine\r\n"));
    expect(answer).toContain("secure");
    expect(seen.at(-1)).toBe("/edge Bearer s3cret");
    expect(answer).not.toContain("s3cret");
    expect(lab.verdicts).toMatchObject([{ reason: "granted", credential: "lab" }]);
    expect(await lab.raw(`CONNECT lab.example:${securePort} HTTP/1.1\r\n\r\n`)).toStartWith("HTTP/1.1 403");
    expect(lab.verdicts.at(-1)).toMatchObject({ reason: "hidden" });
  });

  test("Broker blots out what a server says back of the credential, also over the border of a chunk", async () => {
    const text = "CANARY-edge-credential-0815";
    const secret = SecretString.take(new TextEncoder().encode(text));
    const credential = edgeCredential("lab", { header: "x-key", prefix: "", secret });
    if (!credential.ok) throw new Error("a credential");
    using echo = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: made,
      fetch: (request) => {
        const key = request.headers.get("x-key") ?? "";
        const packed = request.headers.get("accept-encoding") ?? "";
        const pieces = [`packed ${packed}, key ${key.slice(0, 9)}`, `${key.slice(9)}, ${btoa(key)} end`];
        const body = new ReadableStream<string>({
          async start(controller) {
            for (const piece of pieces) {
              controller.enqueue(piece);
              await Bun.sleep(20);
            }
            controller.close();
          },
        });
        return new Response(body, { headers: { "x-echo": key } });
      },
    });
    const port = echo.port ?? 0;
    const rules = [rule({ host: "lab.example", port, credential: credential.value })];
    await using lab = await brokerLab(rules, { ca: [made.cert] });
    const answer = await lab.raw(get("http://lab.example/echo", "Accept-Encoding: gzip\r\n"));
    expect(answer).toContain("packed identity, key ***");
    expect(answer).toEndWith("*** end");
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer).toContain(`x-echo: ${"*".repeat(text.length)}`);
    for (const form of [text, btoa(text), text.slice(0, 12)]) expect(answer).not.toContain(form);
  });

  test("Broker speaks TLS through the configured proxy too", async () => {
    using proxy = await companyProxy();
    await using lab = await brokerLab([rule({ host: "lab.example", port: securePort })], {
      resolve: async () => ["93.184.216.34"],
      proxy: { host: "127.0.0.1", port: proxy.port, secure: false },
      ca: [made.cert],
    });
    expect(await lab.raw(get("http://lab.example/through"))).toContain("secure");
    const tunnelled = await through(lab.port, `https://lab.example:${securePort}/x`);
    expect(await tunnelled.text()).toBe("secure");
    expect(proxy.asked).toEqual([`93.184.216.34:${securePort}`, `93.184.216.34:${securePort}`]);
  });

  test("Broker takes no certificate that is not the host's", async () => {
    await using lab = await brokerLab([rule({ host: "wrong.example", port: securePort })], {
      ca: [made.cert],
    });
    expect(await lab.raw(get("http://wrong.example/"))).toStartWith("HTTP/1.1 502");
  });

  test("edgeCredential takes nothing that could begin another header", () => {
    const of = (text: string, header = "authorization", prefix = "Bearer ") =>
      edgeCredential("lab", { header, prefix, secret: SecretString.take(new TextEncoder().encode(text)) }).ok;
    expect(of("fine")).toBe(true);
    for (const [text, header, prefix] of [
      ["a\r\nHost: x", "authorization", "Bearer "],
      ["a b", "authorization", "Bearer "],
      ["a", "host", ""],
      ["a", "x:y", ""],
      ["a", "authorization", "x\r\n"],
    ] as const)
      expect([text, header, of(text, header, prefix)]).toEqual([text, header, false]);
  });
});
