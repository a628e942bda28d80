/** Lines of a running command: soon, few at a time, with nothing hidden in them. */
import { expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { manualClock } from "#runtime/clock.ts";
import { GatewayLab, inbound, type LabPeer } from "./lab.case.ts";
import { liveOutput } from "./live-output.ts";

function told() {
  const clock = manualClock();
  const events: { readonly lines: readonly string[]; readonly skipped: number }[] = [];
  const output = liveOutput(clock, (lines, skipped) => events.push({ lines, skipped }));
  return { clock, events, output };
}

test("liveOutput tells a flood of a million lines as the newest few and a count", async () => {
  const { clock, events, output } = told();
  for (let n = 0; n < 1_000_000; n++) output.line(`line ${n}`);
  expect(events).toEqual([]);
  await clock.advance(LIMITS.live_output_ms);
  expect(events).toHaveLength(1);
  expect(events[0]?.lines).toHaveLength(LIMITS.live_lines_max);
  expect(events[0]?.lines.at(-1)).toBe("line 999999");
  expect(events[0]?.skipped).toBe(1_000_000 - LIMITS.live_lines_max);
});

test("liveOutput makes hidden characters visible and cuts long lines", async () => {
  const { clock, events, output } = told();
  output.line("\u001b[2J\u202egood");
  output.line("x".repeat(LIMITS.live_line_chars_max * 3));
  await clock.advance(LIMITS.live_output_ms);
  expect(events[0]?.lines[0]).toBe("⟦U+001B⟧[2J⟦U+202E⟧good");
  expect(events[0]?.lines[1]).toHaveLength(LIMITS.live_line_chars_max);
});

test("liveOutput tells what is left at the end, and nothing for silence", async () => {
  const { clock, events, output } = told();
  output.line("one");
  output.end();
  expect(events).toEqual([{ lines: ["one"], skipped: 0 }]);
  await clock.advance(LIMITS.live_output_ms * 5);
  expect(events).toHaveLength(1);
});

test("a running command's lines reach the page of its conversation alone, and no row of their own", async () => {
  const lab = new GatewayLab();
  try {
    await lab.start();
    const chat = await lab.peer("webchat");
    const telegram = await lab.peer("telegram");
    chat.connection.send(inbound({ text: "run: for i in 1 2 3; do echo line-$i; sleep 0.3; done" }));
    await lab.until(() => chat.of("prompt").length === 1, "a prompt");
    using control = await lab.control();
    const approvalId = chat.of("prompt")[0]?.prompt.approvalId ?? "";
    await control.call("permissions_approve", { approvalId, remember: false });
    await lab.until(() => linesOf(chat).includes("line-2"), "the second line");
    expect(lab.kinds()).not.toContain("tool_result");
    await lab.until(() => lab.kinds().includes("turn_ended"), "the turn's end");
    expect(linesOf(chat).filter((line) => line.startsWith("line-"))).toEqual(["line-1", "line-2", "line-3"]);
    expect(linesOf(telegram)).toEqual([]);
    const holding = lab.rows().filter((row) => JSON.stringify(row.content).includes("line-2"));
    expect(holding.map((row) => row.kind)).toEqual(["tool_result", "assistant_message", "outbound"]);
    await lab.stop();
  } finally {
    lab.dispose();
  }
});

function linesOf(peer: LabPeer): readonly string[] {
  return peer
    .of("event")
    .map((event): { type: string; lines?: string[] } => JSON.parse(event.body))
    .flatMap((event) => (event.type === "output" ? (event.lines ?? []) : []));
}
