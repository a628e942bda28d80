import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newCallId, parseAgentId } from "#contracts/ids.ts";
import { dataPaths } from "#host/paths.ts";
import { systemRandom } from "#runtime/random.ts";
import { AgentGiven } from "./agent-given.ts";
import { BoxClient } from "./box-client.ts";

/** An agent with one folder for writing, and the box role's end of the link in the test's hands. */
function lab() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
  const folder = join(root, "notes");
  const paths = dataPaths(join(root, "data"));
  mkdirSync(folder);
  mkdirSync(paths.operator, { recursive: true });
  const give = (access: "read" | "write"): void =>
    writeFileSync(
      paths.folders,
      JSON.stringify({ version: 1, agents: { default: [{ path: folder, access }] } }),
    );
  give("write");
  const agent = parseAgentId("default");
  if (!agent.ok) throw new Error(agent.error);
  const sent: string[] = [];
  const client = new BoxClient((line) => sent.push(line) > 0);
  const say = (message: object): void => client.receive(JSON.stringify(message));
  say({ kind: "ready", enforced: true, detail: "" });
  const call = (name: string, path: string) => ({
    id: newCallId((count) => systemRandom.bytes(count)),
    providerId: "x",
    name,
    args: JSON.stringify({ path, content: "x" }),
  });
  return {
    folder,
    sent,
    say,
    call,
    give,
    given: new AgentGiven(client, paths, agent.value),
    client,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

test("AgentGiven sees a file for the call that would write it, once, and for no other", async () => {
  using at = lab();
  const [one, two] = [at.call("write_file", `${at.folder}/a`), at.call("write_file", `${at.folder}/b`)];
  const looks = [at.given.look(one), at.given.look(two)];
  expect(at.sent.map((line): unknown => JSON.parse(line))).toMatchObject([
    { kind: "folder_read", agent: "default", folder: at.folder, path: "a" },
    { kind: "folder_read", path: "b" },
  ]);
  at.say({ kind: "file", id: 2, base64: btoa("of b") });
  at.say({ kind: "refused", id: 1, reason: "not_found", message: "none" });
  await Promise.all(looks);
  expect(at.given.context(one.id).seen).toMatchObject({ ok: false, error: { code: "not_found" } });
  expect(at.given.context(two.id).seen).toMatchObject({ ok: true, value: Buffer.from("of b") });
  expect(at.given.context(two.id).seen).toBeUndefined();
});

test("AgentGiven asks the box role nothing for reading calls, the workspace, folders for reading and the rest", async () => {
  using at = lab();
  const before = [at.call("read_file", `${at.folder}/a`), at.call("write_file", "a"), at.call("exec", "/x")];
  for (const call of before) await at.given.look(call);
  await at.given.look({ ...at.call("write_file", at.folder), args: "{" });
  await at.given.look(at.call("write_file", `${at.folder}/../secret`));
  at.give("read");
  await at.given.look(at.call("write_file", `${at.folder}/a`));
  expect(at.sent).toEqual([]);
});

test("AgentGiven says why nothing can be used where the box role is gone", async () => {
  using at = lab();
  const call = at.call("write_file", `${at.folder}/a`);
  const look = at.given.look(call);
  at.client.ended();
  await look;
  expect(at.given.context(call.id)).toMatchObject({ seen: { ok: false } });
  expect(at.given.context().missing).toContain("need the box");
});
