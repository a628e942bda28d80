/** A server's program that is held to the hosts of its entry, and what it tries instead. */
import { afterAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { connect as connectSecure } from "node:tls";
import { networkPrefix } from "#confine/namespaces.ts";
import { McpLab, labEntry } from "./lab.case.ts";

const reached: string[] = [];
const web = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const { pathname, port } = new URL(request.url);
    reached.push(pathname);
    if (pathname === "/away") return Response.redirect(`http://other.localhost:${port}/stolen`);
    return new Response("from the host");
  },
});
const far: Buffer[] = [];
const sockets = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    far.push(bytes);
    socket.end("from afar");
  });
}).listen(0, "127.0.0.1");
const farAddress = sockets.address();
const farPort = typeof farAddress === "object" && farAddress !== null ? farAddress.port : 0;
afterAll(async () => {
  await web.stop(true);
  sockets.close();
});

/** Where the system lets nobody make namespaces, such a server does not start: test/e2e/mcp.test.ts. */
const prefix = networkPrefix();
const mayTry = prefix.ok && Bun.spawnSync([...prefix.value, "true"]).exitCode === 0;

/** The first message of a real TLS client that wants `name`. */
function greetingFor(name: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    socket.once("data", (bytes: Buffer) => {
      resolve(bytes.toString("base64"));
      socket.destroy();
      server.close();
    });
  }).listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address !== null) {
      connectSecure({ host: "127.0.0.1", port: address.port, servername: name }).on("error", () => undefined);
    }
  });
  return promise;
}

describe.skipIf(!mayTry)("a program that is held to hosts", () => {
  const hosts = [
    `http://lab.localhost:${web.port}`,
    `tls.localhost:${farPort}`,
    `http://public.example:${web.port}`,
  ];
  const lab = () => new McpLab({ servers: { one: labEntry("honest", { hosts }) } });

  test("ProgramNetwork lets a program reach its hosts by its proxy, each request on record before it leaves", async () => {
    await using held = lab();
    const view = await held.ready("one");
    expect(view.network).toBe(
      [`http://lab.localhost:${web.port}`, `https://tls.localhost:${farPort}`, hosts[2]].join(", "),
    );
    const got = await held.call("one", "get", { url: `http://lab.localhost:${web.port}/first` });
    expect(got.text).toBe("200 from the host");
    expect(held.verdicts).toMatchObject([
      {
        server: "one",
        verdict: "allow",
        reason: "granted",
        method: "GET",
        host: "lab.localhost",
        port: web.port,
      },
    ]);
    held.recordLost = true;
    const unrecorded = await held.call("one", "get", { url: `http://lab.localhost:${web.port}/unrecorded` });
    expect(unrecorded.text).not.toContain("from the host");
    expect(reached).not.toContain("/unrecorded");
  });

  test("ProgramNetwork leads to no other host, port, scheme or address, and follows no redirect there", async () => {
    await using held = lab();
    await held.ready("one");
    const get = async (url: string): Promise<string> => (await held.call("one", "get", { url })).text;
    expect(await get(`http://other.localhost:${web.port}/stolen`)).toContain("the host was not granted");
    expect(await get("http://lab.localhost:1/stolen")).toContain("another port");
    expect(await get(`http://tls.localhost:1/stolen`)).toContain("another port");
    expect(await get(`http://127.0.0.1:${web.port}/stolen`)).toContain("the host was not granted");
    expect(await get("http://169.254.169.254/latest/meta-data/")).toContain("the host was not granted");
    expect(await get(`http://public.example:${web.port}/stolen`)).toContain("private or local address");
    expect(await get(`http://lab.localhost:${web.port}/away`)).toContain("the host was not granted");
    expect(reached).toContain("/away"); // the attack did run
    expect(reached).not.toContain("/stolen");
    expect(new Set(held.verdicts.map(({ reason }) => reason))).toEqual(
      new Set(["host", "port", "private_address", "granted"]),
    );
  });

  test("ProgramNetwork has nothing beside the proxy: no connection, no datagram, no name", async () => {
    await using held = lab();
    await held.ready("one");
    const reach = async (host: string, port: number) =>
      (await held.call("one", "reach", { host, port })).text;
    for (const host of ["127.0.0.1", "::1", "93.184.216.34", "169.254.169.254"]) {
      expect(await reach(host, web.port ?? 0)).toMatch(/E[A-Z]+|Failed to connect/);
    }
    expect(await reach("127.0.0.1", farPort)).not.toBe("reached");
    expect(await reach("example.com", 443)).not.toBe("reached");
    const datagram = await held.call("one", "udp", { host: "127.0.0.1", port: 53 });
    expect(datagram.text).not.toBe("sent");
    expect(await reach("127.0.0.1", 3_128)).toBe("reached"); // its proxy: the attacks above did run
    expect(held.verdicts.every(({ verdict }) => verdict === "refuse")).toBe(true);
  });

  test("ProgramNetwork ends a tunnel whose TLS is begun for another name, before a byte of it leaves", async () => {
    await using held = lab();
    await held.ready("one");
    const to = `tls.localhost:${farPort}`;
    const tunnel = async (first: string) => (await held.call("one", "tunnel", { to, first })).text;
    expect(await tunnel(await greetingFor("other.example"))).not.toContain("from afar");
    expect(await tunnel(Buffer.from("GET / HTTP/1.1\r\n\r\n").toString("base64"))).not.toContain("from afar");
    expect(far).toEqual([]);
    expect(await tunnel(await greetingFor("tls.localhost"))).toContain("from afar");
    const reasons = held.verdicts.map(({ reason }) => reason);
    expect(reasons).toEqual(["granted", "server_name", "granted", "not_tls", "granted"]);
  });

  test("ProgramNetwork gives each run its own way out, with no right over it", async () => {
    await using held = new McpLab({
      servers: {
        one: labEntry("honest", { hosts }),
        two: labEntry("honest"),
        three: labEntry("honest", { hosts: ["a.example"] }),
      },
    });
    await Promise.all(["one", "two", "three"].map((name) => held.ready(name)));
    const url = `http://lab.localhost:${web.port}/each`;
    expect((await held.call("one", "get", { url })).text).toContain("from the host");
    expect((await held.call("two", "get", { url })).text).not.toContain("from the host");
    expect((await held.call("three", "get", { url })).text).toContain("the host was not granted");
    const status = (await held.call("one", "read", { path: "/proc/self/status" })).text;
    expect(status).toMatch(/^CapEff:\s*0+$/m);
    expect(status).toMatch(/^CapPrm:\s*0+$/m);
    await held.server("one").test();
    await held.ready("one");
    expect((await held.call("one", "get", { url })).text).toContain("from the host");
  });
});
