/** Servers of the proxy, honest and hostile: what each may reach, how each bad one ends, and that no other notices. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadLibc } from "#host/libc.ts";
import { McpLab, labEntry } from "./lab.case.ts";

const confines = loadLibc() !== undefined;

describe.if(confines)("a server's program", () => {
  test("McpServer offers its tools and answers, with fractions and progress", async () => {
    await using lab = new McpLab({ servers: { one: labEntry("honest") } });
    const view = await lab.ready("one");
    expect(view.tools.map(({ name }) => name)).toContain("echo");
    expect(view.title).toBe("lab 1");
    expect(view.protocol).toBe("2025-06-18");
    expect(await lab.call("one", "echo", { x: 1.5 })).toEqual({ ok: true, code: "", text: 'echo {"x":1.5}' });
  });

  test("McpServer gives a program its own variables and credentials, and takes the latter out of answers", async () => {
    await using lab = new McpLab({
      servers: {
        one: labEntry("honest", { env: { MODE: "calm" }, credentials: { KEY: "key" } }),
        two: labEntry("honest", { credentials: { OTHER: "key" } }),
      },
      secrets: { "one/key": "CANARY-one-4711", "two/key": "CANARY-two-4711" },
    });
    await lab.ready("one");
    await lab.ready("two");
    const { text } = await lab.call("one", "environment");
    expect(Object.keys(JSON.parse(text)).toSorted()).toEqual(
      ["HOME", "KEY", "LANG", "MODE", "PATH", "TMPDIR"].toSorted(),
    );
    expect(text).toContain('"KEY":"[secret]"');
    expect((await lab.call("two", "environment")).text).not.toContain('"KEY"');
    const others = await lab.call("two", "others");
    expect(others.text).not.toContain("CANARY-one");
    expect(others.text).not.toContain("[secret]");
  });

  test("McpServer keeps a program from the vault, other servers, homes, sockets and the network", async () => {
    await using lab = new McpLab({ servers: { one: labEntry("honest"), two: labEntry("honest") } });
    await lab.ready("one");
    await lab.ready("two");
    writeFileSync(join(lab.root, "mcp", "two", "kept"), "CANARY of another server");
    const read = async (path: string): Promise<string> => (await lab.call("one", "read", { path })).text;
    for (const path of [
      join(lab.root, "vault", "vault.db"),
      join(lab.root, "mcp", "two", "kept"),
      `/proc/self/root${lab.root}/vault/vault.db`,
      `/proc/${process.pid}/environ`,
      `/proc/${process.pid}/mem`,
      "/etc/shadow",
    ]) {
      expect(await read(path)).toMatch(/EACCES|EPERM|ENOENT/);
    }
    const socket = join(lab.root, "door.sock");
    const server = createServer().listen(socket);
    using web = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
    expect((await lab.call("one", "reach", { path: socket })).text).not.toBe("reached");
    const tcp = await lab.call("one", "reach", { host: "127.0.0.1", port: web.port });
    expect(tcp.text).not.toBe("reached");
    server.close();
    expect((await lab.call("one", "write", { path: join(lab.root, "mcp", "one", "own") })).text).toBe(
      "undefined",
    );
    expect((await lab.call("one", "write", { path: join(lab.root, "mcp", "two", "own") })).text).toMatch(
      /EACCES/,
    );
  });

  test("McpServer lets a program into the folders that its entry names, and no further", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wk-given-"));
    for (const name of ["read", "write", "none"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "read", "a"), "hello");
    const more = { read: [join(folder, "read")], write: [join(folder, "write")] };
    await using lab = new McpLab({ servers: { one: labEntry("honest", more) } });
    await lab.ready("one");
    const write = async (name: string): Promise<string> =>
      (await lab.call("one", "write", { path: join(folder, name, "b") })).text;
    expect((await lab.call("one", "read", { path: join(folder, "read", "a") })).text).toBe("hello");
    expect(await write("read")).toMatch(/EACCES/);
    expect(await write("write")).toBe("undefined");
    expect(await write("none")).toMatch(/EACCES/);
    rmSync(folder, { recursive: true });
  });

  test("McpServer refuses a program that was not let in, and one without its credential", async () => {
    await using fresh = new McpLab({ servers: { one: labEntry("honest") }, unpinned: true });
    const isRefused = ({ state }: { state: string }): boolean => state === "refused";
    expect((await fresh.until("one", isRefused)).code).toBe("not_approved");
    await using poor = new McpLab({ servers: { one: labEntry("honest", { credentials: { KEY: "key" } }) } });
    expect((await poor.until("one", isRefused)).code).toBe("no_credential");
    expect(existsSync(join(poor.root, "mcp", "one"))).toBe(false); // nothing was started
  });

  test.each([
    ["exit-initialize", "handshake"],
    ["huge-initialize", "too_large"],
    ["deep-initialize", "too_deep"],
    ["flood-initialize", "noise"],
    ["exit-list", "tools_list"],
    ["huge-list", "tools_list"],
    ["flood-list", "tools_list"],
  ])("McpServer ends %s and says %s", async (mode, code) => {
    await using lab = new McpLab({ servers: { bad: labEntry(mode), good: labEntry("honest") } });
    await lab.ready("good");
    const view = await lab.until("bad", ({ state }) => state === "waiting");
    expect(view.code).toBe(code);
    expect(view.tools).toEqual([]);
    expect((await lab.call("good", "echo")).ok).toBe(true);
  });

  test.each([
    ["exit-call", "closed"],
    ["huge-call", "too_large"],
    ["deep-call", "too_deep"],
    ["flood-call", "noise"],
  ])("McpServer ends a call of %s as %s, and connects again", async (mode, code) => {
    await using lab = new McpLab({ servers: { bad: labEntry(mode) } });
    const { starts } = await lab.ready("bad");
    const answer = await lab.call("bad", "echo");
    expect(answer).toMatchObject({ ok: false, code });
    expect(answer.text.length).toBeLessThan(200);
    const again = await lab.until("bad", (view) => view.state === "ready" && view.starts > starts);
    expect(again.tools.length).toBeGreaterThan(0);
  });

  test("McpServer ends a call that is never answered, and one that is stopped, while another server works", async () => {
    const limits = { timeoutMs: 1_000 };
    await using lab = new McpLab({
      servers: { bad: labEntry("hangs", { limits }), good: labEntry("honest") },
    });
    await lab.ready("bad");
    await lab.ready("good");
    const late = lab.call("bad", "echo");
    const stopped = lab.call("bad", "echo", {}, { call: "k-stop" });
    expect((await lab.call("good", "echo")).ok).toBe(true);
    lab.server("bad").cancel("k-stop");
    expect(await stopped).toMatchObject({ ok: false, code: "stopped" });
    expect(await late).toMatchObject({ ok: false, code: "timeout" });
  });

  test("McpServer puts up with a server that prints to its output", async () => {
    await using lab = new McpLab({ servers: { one: labEntry("noise") } });
    await lab.ready("one");
    expect((await lab.call("one", "echo")).ok).toBe(true);
  });

  test("McpServer refuses a tool whose definition changed between approval and call", async () => {
    await using lab = new McpLab({ servers: { one: labEntry("rug") } });
    const before = await lab.ready("one");
    const approved = before.tools[0]?.definition ?? "";
    expect((await lab.call("one", "echo")).ok).toBe(true);
    const after = await lab.until("one", ({ tools }) => tools[0]?.definition !== approved);
    expect(after.tools[0]?.definition).toContain("evil.example");
    const { definitionHash } = await import("./tool-list.ts");
    const stale = { definition: definitionHash(approved) };
    expect(await lab.call("one", "echo", {}, stale)).toMatchObject({ ok: false, code: "changed" });
  });

  test("McpServer asks a person what a server wants to know, with the very answer, and takes no for an answer", async () => {
    const schema = { type: "object", properties: { sure: { type: "boolean" } }, required: ["sure"] };
    await using yes = new McpLab({ servers: { one: labEntry("honest") }, person: () => true });
    await yes.ready("one");
    expect((await yes.call("one", "ask", { schema })).text).toBe(
      '{"action":"accept","content":{"sure":true}}',
    );
    expect(yes.questions[0]).toContain("Delete everything?");
    await using no = new McpLab({ servers: { one: labEntry("honest") }, person: () => false });
    await no.ready("one");
    expect((await no.call("one", "ask", { schema })).text).toBe('{"action":"decline"}');
    const form = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    expect((await yes.call("one", "ask", { schema: form })).text).toBe('{"action":"decline"}');
    expect(yes.questions).toHaveLength(1); // what a yes cannot answer is not asked
  });

  test("McpServer reads every page, and not without end", async () => {
    await using lab = new McpLab({ servers: { two: labEntry("pages"), more: labEntry("endless") } });
    expect((await lab.ready("two")).tools.map(({ name }) => name)).toEqual(["first", "second"]);
    expect((await lab.ready("more")).tools).toHaveLength(32);
  });
});
