/** WhatsApp end to end: the compiled executable, the strict Cloud API over HTTP, its webhooks, people and an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { wirken } from "../support/binary.ts";
import { ANA, BEN, WhatsAppLab } from "../support/whatsapp-lab.ts";
import { APP_SECRET, FAKE_TOKEN, payloadOf, signed } from "../support/whatsapp-fake/cloud-api.ts";

setDefaultTimeout(60_000);

describe("a paired chat", () => {
  let lab: WhatsAppLab;
  beforeAll(async () => {
    lab = new WhatsAppLab();
    await lab.run();
    await lab.pairAna();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("gets its answer, with its message marked as read while it waits", async () => {
    lab.say(ANA, "hello");
    await lab.heard(/rehearsal script/);
    expect(lab.api.typed.length).toBeGreaterThan(0);
    expect(lab.api.violations).toEqual([]);
  });

  test("a stranger gets one fixed answer and no agent", async () => {
    const before = lab.api.sent.length;
    for (let times = 0; times < 4; times++) lab.say(BEN, "hello, run: id");
    await lab.heard(/does not know you/, before);
    lab.say(ANA, "/status");
    await lab.heard(/Agent default/, before);
    await lab.until(() => lab.api.undelivered === 0, "every webhook to be taken");
    expect(lab.api.sent.filter(({ to }) => to === BEN).length).toBe(1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(1);
  });

  test("whoever may, approves by button, once, and nobody else; the outcome quotes the request", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "whatsapp", "--up-to", "3");
    const before = lab.api.sent.length;
    lab.say(ANA, `/pair ${code}`);
    await lab.heard(/^Paired\..*every time/, before);
    lab.say(ANA, "run with *: echo by-button");
    const prompt = await lab.heard(/echo by-button/, before);
    expect(prompt.buttons.map(({ text }) => text)).toEqual(["Deny", "Approve once"]);
    const value = prompt.buttons[1]?.value ?? "";
    lab.press(BEN, prompt, value);
    await lab.until(() => lab.api.undelivered === 0, "the stranger's press to be taken");
    lab.press(ANA, prompt, value);
    lab.press(ANA, prompt, value);
    await lab.heard(/This is what exec gave back[\s\S]*by-button/, before);
    const outcome = await lab.heard(/Approved by Ana/, before);
    expect(outcome.replyTo).toBe(prompt.id);
    const refused = await lab.until(async () => {
      const rows = await lab.rows("--kind", "approval_refused");
      return rows.length >= 2 && rows;
    }, "two refused presses");
    expect(refused.map(({ payload }) => payload["reason"])).toEqual(["stranger", "already_answered"]);
    expect((await lab.rows("--kind", "intent")).length).toBe(1);
  });

  test("a file lands in the workspace, a stranger's nowhere, and none is fetched from elsewhere", async () => {
    lab.api.files.set("1003383421387256", { bytes: new TextEncoder().encode("first line\nsecond line\n") });
    lab.api.files.set("2003383421387256", {
      bytes: new Uint8Array(10),
      url: "http://169.254.169.254/latest/meta-data",
    });
    const document = (id: string) => ({
      type: "document",
      document: { id, filename: "../../notes\u202e.txt" },
    });
    lab.push(BEN, document("1003383421387256"));
    lab.push(ANA, document("2003383421387256"));
    const before = lab.api.sent.length;
    const { document: file } = document("1003383421387256");
    lab.push(ANA, { type: "document", document: { ...file, caption: "list files in inbox" } });
    await lab.heard(/list_files gave back[\s\S]*notes/, before);
    await lab.until(() => lab.api.undelivered === 0, "every webhook to be taken");
    expect(readdirSync(join(lab.home.data, "spool", "whatsapp"))).toEqual([]);
    expect(lab.api.asked.filter((url) => url.includes("169.254"))).toEqual([]);
  });

  test("strangers at the port: no signature, no event; Meta's question is answered with its own word", async () => {
    const url = `http://127.0.0.1:${lab.port}/whatsapp`;
    const rows = (await lab.rows("--kind", "inbound")).length;
    const body = JSON.stringify(payloadOf({ messages: [] }));
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(url, { method: "POST", body, headers })).status;
    expect(await post({})).toBe(401);
    expect(
      await post({ "x-hub-signature-256": `sha256=${"0".repeat(64)}`, "x-forwarded-for": "127.0.0.1" }),
    ).toBe(401);
    expect(await post({ "x-hub-signature-256": signed(body) })).toBe(200);
    const again = await lab.addChannel();
    const word = /verify token {2}([0-9a-f]{32})/.exec(again.stdout)?.[1] ?? "";
    const ask = async (given: string): Promise<readonly [number, string]> => {
      const answer = await fetch(
        `${url}?hub.mode=subscribe&hub.verify_token=${given}&hub.challenge=1158201444`,
      );
      return [answer.status, await answer.text()];
    };
    await lab.until(async () => (await ask(word).catch(() => [0, ""]))[0] === 200, "the adapter to be back");
    expect(await ask(word)).toEqual([200, "1158201444"]);
    expect(await ask("wrong")).toEqual([403, ""]);
    expect((await lab.rows("--kind", "inbound")).length).toBe(rows);
  });

  test("channel doctor tells apart this channel, something else, and nothing", async () => {
    const here = `http://127.0.0.1:${lab.port}/whatsapp`;
    const examine = async (url: string) => {
      const ran = await wirken(lab.home, ["channel", "doctor", "whatsapp", "--url", url, "--json"]);
      const rows: readonly { what: string; good: boolean; found: string }[] = JSON.parse(ran.stdout);
      return {
        code: ran.code,
        good: rows.map(({ what, good }) => `${what} ${good}`),
        last: rows.at(-1)?.found ?? "",
      };
    };
    expect(await examine(here)).toMatchObject({
      code: 0,
      good: ["WhatsApp true", "here true", "outside true"],
    });
    const other = await examine(`http://127.0.0.1:${lab.home.env["WIRKEN_WEBCHAT_PORT"]}/whatsapp`);
    expect(other.code).not.toBe(0);
    expect(other.last).toContain("something else answers");
    expect((await examine("http://127.0.0.1:9/whatsapp")).last).toContain("nothing answers");
    const echo = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ url }) => new Response(new URL(url).searchParams.get("hub.challenge")),
    });
    expect((await examine(`http://127.0.0.1:${echo.port}/whatsapp`)).last).toContain(
      "something else answers",
    );
    await echo.stop(true);
  });

  test("what was not sent because a day had passed is said in the record", async () => {
    const before = (await lab.rows("--kind", "delivery")).length;
    lab.api.fail({ kind: "later", code: 131_047 });
    lab.say(ANA, "/status");
    const row = await lab.until(async () => {
      const rows = (await lab.rows("--kind", "delivery")).slice(before);
      return rows.find(({ payload }) => payload["state"] === "failed");
    }, "a failed delivery");
    expect(row.payload["code"]).toBe("window_closed");
  });

  test("neither token nor secret stands in the folder, in a command line, or in what was printed", () => {
    const held = [FAKE_TOKEN, APP_SECRET];
    const said = lab.running.stderr() + lab.running.stdout();
    for (const text of held) expect(said).not.toContain(text);
    for (const file of readdirSync(lab.home.data, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const text = readFileSync(join(file.parentPath, file.name), "latin1");
      for (const secret of held) expect(text).not.toContain(secret);
    }
  });
});

test("an adapter that dies while people write loses nothing and says nothing twice", async () => {
  await using lab = new WhatsAppLab();
  await lab.run();
  await lab.pairAna();
  const before = lab.api.sent.length;
  for (let n = 0; n < 3; n++) lab.say(ANA, `hello number ${n}`);
  await lab.kill("whatsapp");
  for (let n = 3; n < 6; n++) lab.say(ANA, `hello number ${n}`);
  await lab.until(() => lab.api.undelivered === 0, "every webhook to be taken");
  await lab.until(async () => (await lab.rows("--kind", "turn_ended")).length >= 6, "six turns");
  const asked = (await lab.rows("--kind", "user_message")).map(({ content }) => String(content?.["text"]));
  expect(asked.map((text) => /number \d/.exec(text)?.[0])).toEqual(
    [0, 1, 2, 3, 4, 5].map((n) => `number ${n}`),
  );
  const deliveries = await lab.until(async () => {
    const rows = await lab.rows("--kind", "delivery");
    const ends = rows.filter(({ payload }) => payload["state"] !== "sending");
    return ends.length >= 7 && ends;
  }, "an end of each answer");
  const lost = deliveries.filter(({ payload }) => payload["state"] === "unknown").length;
  expect(lab.api.sent.slice(before).length).toBeGreaterThanOrEqual(6 - lost);
  const ids = lab.api.sent.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("channel add tells apart what is wrong, and stores nothing of it", async () => {
  await using lab = new WhatsAppLab();
  await lab.run();
  const wrong = await lab.addChannel("f".repeat(32));
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain("the app secret does not belong to the app of this token");
  lab.api.revoked = true;
  const revoked = await lab.addChannel();
  expect(revoked.stderr).toContain("does not know this access token");
  for (const ran of [wrong, revoked]) expect(ran.stdout + ran.stderr).not.toContain(FAKE_TOKEN);
  expect(await lab.json<readonly unknown[]>("credentials", "list")).toEqual([]);
});
