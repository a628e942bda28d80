/** A credential of tools in the compiled executable: stored, used with a person's yes, replaced, and where it is found. */
import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connectControl } from "#cli/client.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import { needlesOf } from "../canary/needles.ts";
import { type Home, freshHome, startWirken, wirken } from "../support/binary.ts";

const SECRETS = ["CANARY-tool-first-4711", "CANARY-tool-second-0815"] as const;

/** One turn whose every question is answered with yes; resolves to the answer and what was asked. */
async function ask(home: Home, text: string): Promise<{ answer: string; asked: readonly string[] }> {
  const client = await connectControl(join(home.data, "sockets", "control.sock"));
  if (!client.ok) throw new Error(client.error.message);
  using connection = client.value;
  const asked: string[] = [];
  const turn = { agent: "default", text, interactive: true };
  const answered = await connection.call("ask", turn, (event) => {
    if (event.type !== "item" || event.item.type !== "approval" || event.item.closed !== null) return;
    const { approvalId, title, exact, tier } = event.item.prompt;
    asked.push(`${String(tier)} ${title} ${exact}`);
    void connection.call("permissions_approve", { approvalId, remember: true });
  });
  if (!answered.ok) throw new Error(answered.error.message);
  return { answer: answered.value.answer, asked };
}

/** Files of the data folder that hold one of the secrets in any form. */
function filesWith(folder: string): readonly string[] {
  const needles = SECRETS.flatMap((secret) => needlesOf("credential", new TextEncoder().encode(secret)));
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => needles.some(({ bytes }) => readFileSync(path).includes(bytes)));
}

describe("a credential of tools in the executable", () => {
  test("it goes to its host alone, after a yes each time, and is shown, logged and kept nowhere", async () => {
    using home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
    const seen: string[] = [];
    using web = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const key = request.headers.get("x-api-key") ?? "none";
        seen.push(key);
        return new Response(`you sent ${key}`);
      },
    });
    const host = `http://127.0.0.1:${String(web.port)}`;
    const store = (word: "add" | "rotate", secret: string, ...more: readonly string[]) =>
      wirken(home, ["credentials", word, "tool/lab", "--stdin", ...more], { stdin: secret });
    const added = await store("add", SECRETS[0], "--host", host, "--header", "X-Api-Key");
    expect(added.code, added.stderr).toBe(0);
    await using running = await startWirken(home, ["--no-open"]);
    await wirken(home, ["permissions", "allow", "127.0.0.1"]);
    const use = (url: string) => ask(home, `use http_request {"url":"${url}","credential":"lab"}`);

    const first = await use(`${host}/x`);
    expect(first.asked).toHaveLength(1);
    expect(first.asked[0]).toContain(`3 Use the key lab for GET ${host}/x`);
    expect(first.asked[0]).toContain("credential: lab");
    expect(first.answer).toContain("you sent [secret]");
    expect((await use(`${host}/again`)).asked).toHaveLength(1); // a yes is never remembered
    const elsewhere = await use(`http://localhost:${String(web.port)}/`);
    expect([elsewhere.asked.length, seen.length]).toEqual([0, 2]);
    expect(elsewhere.answer).toContain("and nowhere else");
    if (namespacePrefix("no proc").ok && Bun.which("curl") !== null) {
      const args = { command: `curl -s ${host}/boxed; env`, network: [host], credentials: ["lab"] };
      const boxed = await ask(home, `use exec ${JSON.stringify(args)}`);
      expect(boxed.asked[0]).toContain(`credential: lab, added to its requests to ${host}`);
      expect(boxed.answer).toContain(`you sent ${"*".repeat(SECRETS[0].length)}`);
    }
    expect(new Set(seen)).toEqual(new Set([SECRETS[0]]));

    expect((await store("rotate", SECRETS[1])).code).toBe(0);
    expect((await use(`${host}/new`)).answer).toContain("you sent [secret]");
    expect(seen.at(-1)).toBe(SECRETS[1]);
    expect((await wirken(home, ["audit", "log", "--limit", "1000"])).stdout).toContain(
      "with the credential lab",
    );
    expect((await wirken(home, ["audit", "verify"])).code).toBe(0);
    expect(filesWith(home.data)).toEqual([]);
    for (const secret of SECRETS) expect(running.stderr() + running.stdout()).not.toContain(secret);
    await wirken(home, ["credentials", "remove", "tool/lab"]);
    expect((await use(`${host}/gone`)).answer).toContain("no such credential");
  }, 60_000);
});
