/**
 * Commands in the box of the compiled executable, as a person has them: one yes, then by grant; undone; a folder given
 * and taken back; what wants the network asks each time; the record says whether the box holds.
 */
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectControl } from "#cli/client.ts";
import { whyNoBox } from "../../src/box/lab.case.ts";
import { type Home, freshHome, startWirken, wirken } from "../support/binary.ts";

const missing = await whyNoBox();

/** One turn; every question is answered with yes, to be remembered where it can be. */
async function ask(home: Home, text: string) {
  const client = await connectControl(join(home.data, "sockets", "control.sock"));
  if (!client.ok) throw new Error(client.error.message);
  using control = client.value;
  const asked: { tier: number; offer: string; facts: string }[] = [];
  const answered = await control.call("ask", { agent: "default", text, interactive: true }, (event) => {
    if (event.type !== "item" || event.item.type !== "approval" || event.item.closed !== null) return;
    const { approvalId, tier, grantOffer, facts } = event.item.prompt;
    asked.push({
      tier,
      offer: grantOffer,
      facts: facts.map(({ label, text: said }) => `${label}: ${said}`).join("\n"),
    });
    void control.call("permissions_approve", { approvalId, remember: tier === 2 });
  });
  if (!answered.ok) throw new Error(answered.error.message);
  return { answer: answered.value.answer, asked };
}

describe.skipIf(missing !== "")(`the box in the executable${missing === "" ? "" : `: ${missing}`}`, () => {
  test("a command runs boxed after one yes, then by grant; it is undone; the network asks each time", async () => {
    using home = freshHome();
    await using _running = await startWirken(home, ["--no-open"]);
    expect((await wirken(home, ["doctor"])).stdout).toMatch(/^ok +box +own files/m);
    expect((await wirken(home, ["status"])).stdout).toMatch(/^box +commands run in one/m);

    const first = await ask(home, "run: python3 -c 'print(6*7)' || echo 42");
    expect(first.answer).toContain("42");
    expect(first.asked).toHaveLength(1);
    expect(first.asked[0]).toMatchObject({ tier: 2, offer: expect.stringContaining("for 8 h") });
    expect(first.asked[0]?.facts).toContain("in a box: the workspace");
    expect(first.asked[0]?.facts).toContain("Undo: Yes");

    const workspace = join(home.data, "agents", "default", "workspace");
    writeFileSync(join(workspace, "mine.txt"), "as it was\n");
    const second = await ask(home, "run: rm mine.txt; mkdir -p made/up; echo new > made/up/file");
    expect(second.asked).toEqual([]);
    expect(existsSync(join(workspace, "mine.txt"))).toBe(false);
    const sessions = (await wirken(home, ["session", "list"])).stdout;
    const session = /default\/cli\/\S+/.exec(sessions)?.[0] ?? "";
    const rows = (await wirken(home, ["audit", "log", "--kind", "tool_result", "--json"])).stdout;
    const call = [...rows.matchAll(/k-[a-z2-7]{26}/g)].at(-1)?.[0] ?? "";
    const all = [...sessions.matchAll(/default\/cli\/\S+/g)].map(([id]) => id);
    const undone = await Promise.all(all.map((id) => wirken(home, ["undo", id, call])));
    expect(undone.map(({ stdout }) => stdout).join("")).toContain(
      "What the call changed is as it was before.",
    );
    expect(readFileSync(join(workspace, "mine.txt"), "utf8")).toBe("as it was\n");
    expect(existsSync(join(workspace, "made"))).toBe(false);
    expect(session).not.toBe("");

    const third = await ask(
      home,
      "run: cat ../AGENT.md /etc/shadow ~/../../../vault/vault.db; ls /home /root; id",
    );
    expect(third.asked).toEqual([]);
    expect(third.answer).not.toContain("root:");
    const log = (await wirken(home, ["audit", "log", "--kind", "confinement"])).stdout;
    expect(log).toContain("tool is confined: box");
  });

  test("a file of a folder given for writing is changed without asking, and undone", async () => {
    using home = freshHome();
    const given = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
    try {
      const notes = join(given, "notes");
      writeFileSync(notes, "of the person\n");
      await using _running = await startWirken(home, ["--no-open"]);
      expect((await wirken(home, ["agents", "folder", "add", given, "--write"])).code).toBe(0);
      const edited = await ask(home, `edit ${notes}: of the person -> of the agent`);
      expect(edited.asked).toEqual([]);
      expect(readFileSync(notes, "utf8")).toBe("of the agent\n");
      expect((await ask(home, `write x to ${given}/../beside`)).answer).toContain("must not leave");
      const rows = (await wirken(home, ["audit", "log", "--kind", "tool_result", "--json"])).stdout;
      const call = /k-[a-z2-7]{26}/.exec(rows)?.[0] ?? "";
      const session = /default\/cli\/[a-z0-9-]+/.exec(rows)?.[0] ?? "";
      expect((await wirken(home, ["undo", session, call])).stdout).toContain("as it was before");
      expect(readFileSync(notes, "utf8")).toBe("of the person\n");
    } finally {
      rmSync(given, { recursive: true, force: true });
    }
  });

  test("a folder is given on the terminal alone, asks anew, and is gone once it was taken back", async () => {
    using home = freshHome();
    const given = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
    try {
      mkdirSync(join(given, "sub"));
      writeFileSync(join(given, "notes"), "of the person\n");
      await using _running = await startWirken(home, ["--no-open"]);
      expect((await ask(home, "run: true; id -u")).asked).toHaveLength(1);
      expect((await wirken(home, ["agents", "folder", "add", home.data, "--read"])).code).not.toBe(0);
      expect((await wirken(home, ["agents", "folder", "add", given])).code).toBe(64);
      expect((await wirken(home, ["agents", "folder", "add", given, "--read"])).code).toBe(0);
      const read = await ask(home, `run: head -1 ${given}/notes; echo x > ${given}/no`);
      expect(read.asked).toHaveLength(1); // another box is another permission
      expect(read.asked[0]?.facts).toContain(`${given} (read only)`);
      expect(read.answer).toContain("of the person");
      expect(existsSync(join(given, "no"))).toBe(false);
      const notes = join(given, "notes");
      expect((await ask(home, `read ${notes}`)).answer).toContain("of the person");
      expect((await ask(home, `write x to ${notes}`)).answer).toContain("for reading only");
      expect((await wirken(home, ["agents", "folder", "list"])).stdout).toContain(given);
      expect((await wirken(home, ["agents", "folder", "remove", given])).code).toBe(0);
      const after = await ask(home, `run: head -1 ${given}/notes; true`);
      expect(after.asked).toEqual([]); // the first box again, with its grant
      expect(after.answer).not.toContain("of the person");
      expect((await ask(home, `read ${notes}`)).answer).toContain("wirken agents folder add");
    } finally {
      rmSync(given, { recursive: true, force: true });
    }
  });
});
