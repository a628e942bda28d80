/** The timeline: one line an act, in words, for a turn with a call that a person answered. */
import { expect, test } from "bun:test";
import type { NewRow, Row } from "#contracts/audit-event.ts";
import { parseSessionId } from "#contracts/ids.ts";
import { manualClock } from "#runtime/clock.ts";
import { MemoryJournal } from "./memory-journal.case.ts";
import { timelineActs } from "./timeline.ts";

const names = { person: (id: string) => (id === "p-1" ? "you" : id) };

/** Rows of one session, half a second apart. */
async function rowsOf(events: readonly (readonly [NewRow["kind"], NewRow["payload"], NewRow["content"]?])[]) {
  const session = parseSessionId(`default/webchat/c-${"a".repeat(26)}`);
  if (!session.ok) throw new Error(session.error);
  const clock = manualClock();
  const journal = new MemoryJournal(clock);
  const rows: Row[] = [];
  for (const [kind, payload, content] of events) {
    rows.push(
      ...(await journal.append([
        {
          session: session.value,
          kind,
          trust: "system",
          payload,
          ...(content === undefined ? {} : { content }),
        },
      ])),
    );
    void clock.advance(500);
  }
  return rows;
}

test("timelineActs folds a turn to its words and a call to its way, newest first", async () => {
  const call = { turn: "t", call: "k" };
  const rows = await rowsOf([
    ["inbound", { kind: "message" }],
    ["turn_started", { turn: "t", asker: "p-1" }],
    ["user_message", { turn: "t", asker: "p-1", inbound: 0 }, { text: "run: uname -a" }],
    ["llm_request", { turn: "t" }],
    ["tool_call", call, { verb: "Ran", wish: "Run", target: "uname -a" }],
    ["decision", { ...call, verdict: "ask", by: "policy" }],
    ["approval_requested", call],
    ["decision", { ...call, verdict: "approved", by: "p-1", surface: "console" }],
    ["intent", call],
    ["tool_result", { ...call, outcome: "done", took_ms: 300, exit_code: 0 }],
    ["turn_ended", { turn: "t", outcome: "answered" }],
    ["outbound", { outbound: "o", purpose: "answer" }],
    ["chain_head", {}],
    ["delivery", { outbound: "o", state: "sent" }],
  ]);
  expect(timelineActs(rows, names)).toMatchObject([
    {
      what: "Run uname -a",
      outcome: "asked → approved by you (0.5 s) → done, 0.3 s",
      tone: "good",
      firstRow: 5,
      lastRow: 10,
    },
    {
      who: "you",
      what: "“run: uname -a”",
      outcome: "answered, 4.5 s",
      tone: "good",
      firstRow: 1,
      lastRow: 14,
    },
  ]);
});

test("timelineActs: what waits is waiting, what was denied is bad and did not run", async () => {
  const call = (id: string) => ({ turn: "t", call: id });
  const rows = await rowsOf([
    ["tool_call", call("a"), { verb: "Ran", target: "a\u202etxt" }],
    ["decision", { ...call("a"), verdict: "ask", by: "policy" }],
    ["tool_call", call("b"), { verb: "Ran", target: "b" }],
    ["decision", { ...call("b"), verdict: "denied", by: "p-2" }],
    ["tool_result", { ...call("b"), outcome: "denied" }],
  ]);
  expect(timelineActs(rows, names)).toMatchObject([
    { outcome: "denied by p-2 → did not run", tone: "bad" },
    { what: "Ran a⟦U+202E⟧txt", outcome: "asked", tone: "waiting" },
  ]);
});
