import { expect, test } from "bun:test";
import fc from "fast-check";
import { lineSplitter } from "./lines.ts";
import { type SseEvent, sseParser } from "./sse.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test("sseParser follows the standard's own examples", () => {
  const table: readonly [string, readonly SseEvent[]][] = [
    ["data: a\n\n", [{ event: "message", data: "a" }]],
    [
      "\ufeffdata: a\r\rdata: b\r\n\r\n",
      [
        { event: "message", data: "a" },
        { event: "message", data: "b" },
      ],
    ],
    ["data: YHOO\ndata: +2\ndata: 10\n\n", [{ event: "message", data: "YHOO\n+2\n10" }]],
    [
      ": comment\n\ndata\n\ndata\ndata\n\ndata:",
      [
        { event: "message", data: "" },
        { event: "message", data: "\n" },
      ],
    ],
    [
      "data:test\n\ndata: test\n\n",
      [
        { event: "message", data: "test" },
        { event: "message", data: "test" },
      ],
    ],
    ["event: x\n\ndata: y\n\n", [{ event: "message", data: "y" }]],
    ["event: x\ndata: y\nid: 1\nretry: 5\n\n", [{ event: "x", data: "y" }]],
    ["data: unfinished", []],
  ];
  for (const [stream, expected] of table) expect(sseParser(1_000).push(utf8(stream))).toEqual([...expected]);
});

test("lineSplitter gives the same lines for any pieces", () => {
  const text = fc
    .array(fc.constantFrom("a", "é", "🎉", "\r", "\n", "\r\n"), { maxLength: 40 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (whole, cuts) => {
      const bytes = utf8(whole);
      const splitter = lineSplitter(1_000);
      const lines: string[] = [];
      let from = 0;
      for (const cut of [...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length]) {
        lines.push(...(splitter.push(bytes.subarray(from, cut)) ?? ["too long"]));
        from = cut;
      }
      expect(lines).toEqual(whole.split(/\r\n|\r|\n/).slice(0, -1));
    }),
    { numRuns: 300 },
  );
});

test("lineSplitter and sseParser end a line, and an event of many lines, at their bounds", () => {
  expect(lineSplitter(10).push(utf8("x".repeat(10)))).toEqual([]);
  expect(lineSplitter(10).push(utf8("x".repeat(11)))).toBeUndefined();
  expect(lineSplitter(10).push(utf8(`${"x".repeat(11)}\n`))).toBeUndefined();
  const endless = sseParser(100);
  const answers = Array.from({ length: 40 }, () => endless.push(utf8("data: 12345\n")));
  expect(answers.slice(0, 16).every((events) => events?.length === 0)).toBe(true);
  expect(answers).toContain(undefined);
});
