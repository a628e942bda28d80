/**
 * The adapter against a homeserver that we did not write (Synapse), over real HTTP and real time.
 * `WIRKEN_TEST_SYNAPSE` names one on this computer that lets anybody register; without it the test is
 * skipped.
 */
import { expect, test } from "bun:test";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import { noFailPoint } from "#kit/fail-point.ts";
import { fakeGateway } from "#kit/gateway-fake.ts";
import { type Wild, objectIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";
import { runAdapter } from "#kit/main.ts";
import { memoryDisk, memorySpool, memoryState } from "#kit/memory-state.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { matrix } from "./main.ts";

const BASE = process.env["WIRKEN_TEST_SYNAPSE"] ?? "";

async function call(method: string, path: string, token: string, body?: object): Promise<Wild> {
  const answer = await fetch(`${BASE}/_matrix/client/v3/${path}`, {
    method,
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return objectOf(await answer.json());
}

async function register(name: string): Promise<{ readonly id: string; readonly token: string }> {
  const username = `${name}-${systemRandom.bytes(6).toHex()}`;
  const auth = { type: "m.login.dummy" };
  const answer = await call("POST", "register", "", {
    username,
    password: systemRandom.bytes(12).toHex(),
    auth,
  });
  return { id: textIn(answer, "user_id"), token: textIn(answer, "access_token") };
}

async function eventually(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150 && !(await done()); tries++) await systemClock.sleep(50);
}

test.skipIf(BASE === "")(
  "the adapter on a real Synapse (skipped where WIRKEN_TEST_SYNAPSE names none): joins, hears, answers, asks, closes",
  async () => {
    const [bot, ana, eve] = [await register("bot"), await register("ana"), await register("eve")];
    const secrets: Readonly<Record<string, string>> = { token: bot.token, owner: ana.id };
    const gateway = fakeGateway();
    const disk = memoryDisk();
    const { link, tell } = gateway.connect();
    const running = runAdapter({
      define: matrix,
      handoff: {
        instance: "matrix",
        stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
        secret: (name) => {
          const text = secrets[name];
          return text === undefined ? undefined : SecretString.take(new TextEncoder().encode(text));
        },
        setting: (name) => (name === "api-base" ? BASE : undefined),
      },
      link,
      clock: systemClock,
      random: systemRandom,
      log: memoryLog(),
      state: memoryState(disk),
      spool: memorySpool(disk),
      failPoint: noFailPoint,
    });
    await eventually(() => gateway.states.at(-1)?.state === "ready");
    const room = textIn(
      await call("POST", "createRoom", ana.token, { invite: [bot.id], preset: "private_chat" }),
      "room_id",
    );
    await call("POST", "createRoom", eve.token, { invite: [bot.id], preset: "private_chat" });
    const path = `rooms/${encodeURIComponent(room)}`;
    const members = async () => objectIn(await call("GET", `${path}/joined_members`, ana.token), "joined");
    await eventually(async () => bot.id in (await members()));
    const say = async (type: string, content: object) =>
      await call("PUT", `${path}/send/${type}/${systemRandom.bytes(6).toHex()}`, ana.token, content);
    await say("m.room.message", { msgtype: "m.text", body: "hello" });
    await eventually(() => gateway.inbound.length === 1);
    expect(gateway.inbound[0]).toMatchObject({
      senderId: ana.id,
      conversation: room,
      isGroup: false,
      kind: "message",
    });
    const outboundId = newOutboundId((count) => systemRandom.bytes(count));
    const place = { conversation: room, thread: "", replyTo: "" };
    tell({
      kind: "outbound",
      outbound: { outboundId, ...place, markdown: "**yes** @room", purpose: "answer" },
    });
    const approvalId = newApprovalId((count) => systemRandom.bytes(count));
    const now = systemClock.now();
    const asked = {
      approvalId,
      conversation: room,
      thread: "",
      tier: 3,
      title: "Delete?",
      exact: "rm x",
    } as const;
    const times = {
      facts: [],
      askedMs: now,
      expiresMs: now + 60_000,
      answerable: true,
      elsewhere: "",
      grantOffer: "",
    };
    tell({ kind: "prompt", prompt: { ...asked, ...times } });
    const events = async () =>
      objectsIn(await call("GET", `${path}/messages?dir=b&limit=50`, ana.token), "chunk");
    const bodies = async () => (await events()).map((event) => textIn(objectIn(event, "content"), "body"));
    await eventually(async () => (await events()).filter(({ type }) => type === "m.reaction").length === 2);
    await eventually(async () => (await bodies()).some((body) => body.startsWith("yes")));
    expect(await bodies()).toContain("yes @\u2060room");
    const shown = (await events()).find((event) =>
      textIn(objectIn(event, "content"), "body").includes(approvalId),
    );
    const relation = { rel_type: "m.annotation", event_id: shown?.["event_id"], key: "✅" };
    await say("m.reaction", { "m.relates_to": relation });
    await eventually(() => gateway.inbound.length === 2);
    expect(gateway.inbound[1]).toMatchObject({
      kind: "button",
      value: `approve:${approvalId}`,
      senderId: ana.id,
    });
    const closed = {
      approvalId,
      conversation: room,
      thread: "",
      outcome: "Approved by Ana.",
      verdict: "approved",
    } as const;
    tell({ kind: "promptClosed", closed });
    await eventually(async () => (await bodies()).some((body) => body.includes("Approved by Ana.")));
    expect((await bodies()).some((body) => body.includes("Approved by Ana."))).toBe(true);
    const rooms = objectIn(await call("GET", "sync?timeout=0", bot.token), "rooms");
    expect(Object.keys(objectIn(rooms, "invite"))).toEqual([]);
    expect(Object.keys(objectIn(rooms, "join"))).toEqual([room]);
    tell({ kind: "stop" });
    await running;
  },
  30_000,
);
