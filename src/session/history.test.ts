import { expect, test } from "bun:test";
import type { EventKind, NewRow, Row } from "#contracts/audit-event.ts";
import { newCallId, parseSessionId } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import { fixedRandom } from "#runtime/random.ts";
import { healingRows, UNKNOWN_OUTCOME } from "./heal.ts";
import { labelsOf, messagesOf, openApprovals, openDeliveries } from "./history.ts";

const parsed = parseSessionId(`default/webchat/c-${"a".repeat(26)}`);
if (!parsed.ok) throw new Error("fixture");
const session = parsed.value;
const random = fixedRandom(5);

function rowsOf(
  ...rows: readonly (readonly [EventKind, JsonObject, (JsonObject | undefined)?])[]
): readonly Row[] {
  return rows.map(([kind, payload, content], seq) => ({
    id: seq + 1,
    session,
    seq,
    tsMs: 0,
    kind,
    trust: "system",
    payload,
    content,
    hash: "",
  }));
}
const grown = (rows: readonly Row[], more: readonly NewRow[]): readonly Row[] => [
  ...rows,
  ...rowsOf(...more.map((row) => [row.kind, row.payload, row.content] as const)),
];
const summary = (rows: readonly NewRow[]): readonly unknown[] =>
  rows.map((row) => [
    row.kind,
    row.payload["outcome"] ?? row.payload["verdict"] ?? row.payload["state"] ?? row.payload["rows"],
  ]);

const call = newCallId((count) => random.bytes(count));
const TURN: readonly (readonly [EventKind, JsonObject, (JsonObject | undefined)?])[] = [
  ["turn_started", { turn: "t" }],
  ["user_message", { turn: "t", origins: ["owner"] }, { text: "list" }],
  [
    "assistant_message",
    { turn: "t" },
    { text: "", calls: [{ id: call, provider_id: "p", name: "list_files", args: "{}" }] },
  ],
  ["tool_call", { turn: "t", call, tool: "list_files" }, {}],
];

test("messagesOf gives user, assistant and tool in the order of the rows, with their seqs", () => {
  const rows = rowsOf(...TURN, [
    "tool_result",
    { call, tool: "list_files", origins: ["file"], secrecy: "workspace" },
    { text: "a" },
  ]);
  expect(messagesOf(rows)).toEqual([
    { role: "user", seq: 1, text: "list" },
    {
      role: "assistant",
      seq: 2,
      text: "",
      calls: [{ id: call, providerId: "p", name: "list_files", args: "{}" }],
    },
    { role: "tool", seq: 4, call, name: "list_files", text: "a" },
  ]);
  expect(labelsOf(rows)).toEqual({ origins: ["owner", "file"], secrecy: "workspace" });
});

test("messagesOf says that an erased text was erased", () => {
  expect(messagesOf(rowsOf(["user_message", {}, undefined]))).toEqual([
    { role: "user", seq: 0, text: "(this text was erased)" },
  ]);
});

test("healingRows gives nothing for a session that ended in order", () => {
  expect(
    healingRows(session, rowsOf(...TURN, ["tool_result", { call }], ["turn_ended", { turn: "t" }])),
  ).toEqual([]);
});

test("healingRows says unknown only for a call whose effect may have begun", () => {
  const before = healingRows(session, rowsOf(...TURN));
  expect(summary(before)).toEqual([
    ["tool_result", "failed"],
    ["turn_ended", "failed"],
    ["recovered", 2],
  ]);
  const begun = healingRows(session, rowsOf(...TURN, ["intent", { call }]));
  expect(summary(begun)).toEqual([
    ["tool_result", "unknown"],
    ["turn_ended", "failed"],
    ["recovered", 2],
  ]);
  expect(begun[0]?.content).toEqual({ text: UNKNOWN_OUTCOME });
});

test("healingRows expires open approvals and closes begun deliveries, and heals once", () => {
  const rows = rowsOf(
    ...TURN,
    ["approval_requested", { turn: "t", call, approval: "a" }],
    ["outbound", { outbound: "o1" }],
    ["delivery", { outbound: "o1", state: "sending" }],
    ["outbound", { outbound: "o2" }],
    ["outbound", { outbound: "o3" }],
    ["delivery", { outbound: "o3", state: "delivered" }],
  );
  expect(openApprovals(rows)).toHaveLength(1);
  expect([...openDeliveries(rows)].map(([id, { began }]) => [id, began])).toEqual([
    ["o1", true],
    ["o2", false],
  ]);
  const healed = healingRows(session, rows);
  expect(summary(healed)).toEqual([
    ["decision", "expired"],
    ["tool_result", "failed"],
    ["delivery", "unknown"],
    ["turn_ended", "failed"],
    ["recovered", 4],
  ]);
  expect(healingRows(session, grown(rows, healed))).toEqual([]);
  expect(summary(healingRows(session, rows, "turn"))).not.toContainEqual(["delivery", "unknown"]);
});
