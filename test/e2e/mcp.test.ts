/**
 * MCP servers in the compiled executable, as an operator has them: added, approved, used with a person's yes, changed
 * behind the operator's back, approved again, removed; and where a credential is to be found meanwhile.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ControlClient, connectControl } from "#cli/client.ts";
import { loadLibc } from "#host/libc.ts";
import { mayReadMemory, readMemory } from "../canary/memory.ts";
import { needlesOf } from "../canary/needles.ts";
import { type Home, freshHome, startWirken, wirken } from "../support/binary.ts";

const PROGRAM = join(import.meta.dir, "..", "support", "mcp-server.ts");
const SECRET = "CANARY-mcp-credential-0815";
const confines = loadLibc() !== undefined;

/** Words behind `--`: the tests' own server in a mode. */
function command(mode: string): readonly string[] {
  return ["--", process.execPath, "run", PROGRAM, mode];
}

async function control(home: Home): Promise<ControlClient> {
  const client = await connectControl(join(home.data, "sockets", "control.sock"));
  if (!client.ok) throw new Error(client.error.message);
  return client.value;
}

/** One turn whose every question is answered; resolves to the answer and what was asked. */
async function ask(
  home: Home,
  text: string,
  yes: boolean,
): Promise<{ answer: string; asked: readonly string[] }> {
  using client = await control(home);
  const asked: string[] = [];
  const answered = await client.call("ask", { agent: "default", text, interactive: true }, (event) => {
    if (event.type !== "item" || event.item.type !== "approval" || event.item.closed !== null) return;
    const { approvalId, title, exact, tier } = event.item.prompt;
    asked.push(`${tier} ${title} ${exact}`);
    if (yes) void client.call("permissions_approve", { approvalId, remember: false });
    else void client.call("permissions_deny", { approvalId, why: "" });
  });
  if (!answered.ok) throw new Error(answered.error.message);
  return { answer: answered.value.answer, asked };
}

/** Arguments of every process of the system that this one may see. */
function allArguments(): string {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))).join("\n");
}

/** Roles whose memory holds the credential in any form. */
async function holders(home: Home, keeper: number): Promise<readonly string[]> {
  const status: { roles: readonly { peerId: string; pid: number }[] } = JSON.parse(
    (await wirken(home, ["status", "--json"])).stdout,
  );
  const needles = needlesOf("credential", new TextEncoder().encode(SECRET));
  return [...status.roles, { peerId: "keeper", pid: keeper }].flatMap(({ peerId, pid }) => {
    let holds = false;
    readMemory(pid, (piece) => {
      holds ||= needles.some(({ bytes }) => piece.includes(bytes));
    });
    return holds ? [peerId] : [];
  });
}

/** Files of the data folder that hold the credential. */
function filesWith(folder: string): readonly string[] {
  const needles = needlesOf("credential", new TextEncoder().encode(SECRET));
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => needles.some(({ bytes }) => readFileSync(path).includes(bytes)));
}

function attempt(work: () => string): string {
  try {
    return work();
  } catch {
    return "";
  }
}

describe.if(confines)("mcp in the executable", () => {
  test("a server is added, approved, used by leave, changed behind one's back, approved again, removed", async () => {
    using home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
    await wirken(home, ["credentials", "add", "key", "--scope", "mcp/lab", "--stdin"], { stdin: SECRET });
    await using running = await startWirken(home, ["--no-open"]);
    const own = ["--read", dirname(PROGRAM)];
    const words = ["mcp", "add", "lab", "--credential", "KEY", "--read-only", "environment", ...own];
    const added = await wirken(home, [...words, ...command("rug")]);
    expect(added.code, added.stderr).toBe(0);
    expect(added.stdout).toContain("next: wirken mcp approve lab"); // nobody was there to say yes
    expect((await ask(home, "use mcp_lab_echo {}", true)).answer).toContain("not there for this agent");

    const approved = await wirken(home, ["mcp", "approve", "lab", "--yes"]);
    expect(approved.stdout, approved.stderr).toContain("approved 11 tools of lab; 0 are not");
    const refused = await ask(home, 'use mcp_lab_environment {"x":1.5}', false);
    expect(refused.answer).toContain("That did not happen");
    const used = await ask(home, 'use mcp_lab_environment {"x":1.5}', true);
    expect(used.asked[0]).toContain("2 Use environment of lab? lab: environment");
    expect(used.asked[0]).toContain('arguments: {"x":1.5}');
    expect(used.answer).toContain('"KEY":"[secret]"');
    expect(allArguments()).not.toContain(SECRET);
    if (mayReadMemory()) expect(await holders(home, running.pid)).toEqual(["mcp"]); // and its server's program
    expect(filesWith(home.data)).toEqual([]);
    expect(running.stderr() + running.stdout()).not.toContain(SECRET);

    const changed = /mcp_lab_echo\s+changed/;
    const list = async (): Promise<string> => (await wirken(home, ["mcp", "list", "lab"])).stdout;
    for (let i = 0; i < 50 && !changed.test(await list()); i++) await Bun.sleep(100);
    expect(await list()).toMatch(changed);
    expect((await wirken(home, ["status"])).stdout).toContain("1 changed since: `wirken mcp approve lab`");
    expect((await ask(home, "use mcp_lab_echo {}", true)).answer).toContain("not there for this agent");
    const again = await wirken(home, ["mcp", "approve", "lab"]); // shown, and not approved: nobody says yes
    expect(again.stdout).toContain("approved 0 tools of lab");

    const removed = await wirken(home, ["mcp", "remove", "lab"]);
    expect(removed.code, removed.stderr).toBe(0);
    expect((await wirken(home, ["mcp", "list"])).stdout).toContain("no MCP server runs");
    expect(existsSync(join(home.data, "mcp", "lab"))).toBe(false);
    expect((await wirken(home, ["credentials", "list"])).stdout).not.toContain("mcp/lab");
    const record = await wirken(home, ["audit", "log", "--limit", "1000"]);
    expect(record.stdout).toContain("approved echo of MCP server lab");
    expect(record.stdout).toContain("echo of MCP server lab changed since it was approved: refused");
    expect((await wirken(home, ["audit", "verify"])).code).toBe(0);
  }, 60_000);

  test("a server with hosts reaches them and nothing else, each request a row", async () => {
    using home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
    const reached: string[] = [];
    using web = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        reached.push(new URL(request.url).pathname);
        return new Response("from the host");
      },
    });
    const [host, port] = ["lab.localhost", String(web.port)];
    await using running = await startWirken(home, ["--no-open"]);
    const words = [
      "mcp",
      "add",
      "lab",
      "--approve",
      "--read",
      dirname(PROGRAM),
      "--host",
      `http://${host}:${port}`,
    ];
    const added = await wirken(home, [...words, ...command("honest")]);
    expect(added.stdout, added.stderr + running.stderr()).toMatch(/lab +ready +11 +11/);
    const use = async (tool: string, args: object): Promise<string> =>
      (await ask(home, `use mcp_lab_${tool} ${JSON.stringify(args)}`, true)).answer;
    expect(await use("get", { url: `http://${host}:${port}/by-name` })).toContain("from the host");
    expect(await use("get", { url: `http://127.0.0.1:${port}/by-address` })).toContain("was not granted");
    expect(await use("get", { url: "http://169.254.169.254/latest" })).toContain("was not granted");
    expect(await use("reach", { host: "127.0.0.1", port: web.port })).not.toContain("reached");
    expect(await use("udp", { host: "127.0.0.1", port: 53 })).not.toContain("sent");
    expect(await use("reach", { host: "127.0.0.1", port: 3_128 })).toContain("reached"); // the attacks did run
    expect(await use("read", { path: "/proc/self/status" })).toMatch(/CapPrm:\s*0{16}/);
    expect(reached).toEqual(["/by-name"]);
    const record = (await wirken(home, ["audit", "log", "--limit", "1000"])).stdout;
    expect(record).toContain(`MCP server lab: let out: GET to ${host} on port ${port}`);
    expect(record).toContain(`MCP server lab: refused a way out: GET to 127.0.0.1 on port ${port} (host)`);
    expect((await wirken(home, ["status"])).stdout).toContain(`reaches http://${host}:${port} alone`);
    // Walls are looked at a moment after a start; doctor says so until then.
    const doctor = async (): Promise<string> => (await wirken(home, ["doctor"])).stdout;
    let said = await doctor();
    for (let look = 0; look < 30 && said.includes("not looked at yet"); look++) {
      await Bun.sleep(200);
      said = await doctor();
    }
    expect(said).toMatch(/role mcp .*no_capabilities.*closed_memory/);
    expect((await wirken(home, ["audit", "verify"])).code).toBe(0);
  }, 60_000);

  test("a server with hosts does not start where it cannot be held to them", async () => {
    using home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
    const less = [process.execPath, join(import.meta.dir, "..", "support", "less-kernel.ts"), "namespaces"];
    await using running = await startWirken(home, ["--no-open"], less);
    const words = ["mcp", "add", "lab", "--read", dirname(PROGRAM), "--host", "example.com"];
    const added = await wirken(home, [...words, ...command("honest")]);
    expect(added.stdout, added.stderr + running.stderr()).toContain("cannot be enforced on this computer");
    const free = ["mcp", "add", "free", "--read", dirname(PROGRAM)];
    expect((await wirken(home, [...free, ...command("honest")])).stdout).toMatch(/free +ready/);
    expect((await wirken(home, ["status"])).stdout).toContain("lab refused");
  }, 60_000);

  test("mcp add refuses secrets in the open, the data folder, and programs that are none", async () => {
    using home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
    const add = (...words: readonly string[]) => wirken(home, ["mcp", "add", "lab", ...words]);
    expect((await add("--env", "API_TOKEN=x", ...command("honest"))).stderr).toContain("looks like a secret");
    expect((await add("--read", join(home.data, "vault"), ...command("honest"))).stderr).toContain(
      "data folder",
    );
    expect((await add("--read", "/", ...command("honest"))).stderr).toContain("data folder");
    expect((await add("--", "no-such-program")).stderr).toContain("absolute path");
    expect((await add("--url", "http://example.com/mcp")).stderr).toContain("https");
    expect((await add("--url", "https://x", ...command("honest"))).code).toBe(64);
    expect((await wirken(home, ["mcp", "add", "Not_A_Name", ...command("honest")])).code).toBe(64);
    expect(
      existsSync(join(home.data, "mcp.json")) ? readFileSync(join(home.data, "mcp.json"), "utf8") : "",
    ).not.toContain("lab");
  });
});
