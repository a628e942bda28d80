/** Whose workspace a press comes from: Slack sends those of shared channels and of a whole organisation to one app. */
import { expect, test } from "bun:test";
import { BOT, TEAM } from "#test/support/slack-fake/payloads.ts";
import { readEnvelope } from "./inbound.ts";
import { ANA, DIRECT } from "./world.case.ts";

test("readEnvelope takes a press from our own workspace or organisation alone", () => {
  const me = { name: "wirken", userId: BOT.id, botId: "B0", teamId: TEAM, enterpriseId: "E0HOME" };
  const press = (team: object | null, enterprise: object | null) =>
    readEnvelope(
      {
        id: "e",
        type: "interactive",
        payload: {
          type: "block_actions",
          user: { id: ANA.id, name: "ana" },
          container: { channel_id: DIRECT, message_ts: "1700000000.000100" },
          actions: [{ type: "button", action_ts: "1700000001.000100", value: "approve:a-1" }],
          team: { ...team },
          enterprise: { ...enterprise },
        },
      },
      me,
    );
  expect(press({ id: TEAM }, null)).toMatchObject({ draft: { kind: "button", value: "approve:a-1" } });
  expect(press({ id: "T0OTHER" }, { id: "E0HOME" })).toBeDefined();
  for (const [team, enterprise] of [
    [{ id: "T0OTHER" }, null],
    [{ id: "T0OTHER" }, { id: "E0OTHER" }],
    [null, null],
  ] as const)
    expect(press(team, enterprise)).toBeUndefined();
});
