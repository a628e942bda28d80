import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ModelMessage } from "#contracts/conversation.ts";
import { type CallId, newCallId } from "#contracts/ids.ts";
import { fixedRandom } from "#runtime/random.ts";
import { CUT_MARK, LOST_RESULT, fitContext } from "./context.ts";
import { tokensByBytes } from "./models/model.ts";

const random = fixedRandom(21);
const ids = Array.from({ length: 64 }, (): CallId => newCallId((count) => random.bytes(count)));
const estimate = tokensByBytes;
const history = (turns: number, resultBytes: number): readonly ModelMessage[] => {
  const messages: ModelMessage[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const id = ids[turn];
    if (id === undefined) throw new Error("too many turns for this test");
    const seq = turn * 4;
    const call = { id, providerId: "p", name: "exec", args: "{}" };
    messages.push({ role: "user", seq, text: `question ${turn}` });
    messages.push({ role: "assistant", seq: seq + 1, text: "", calls: [call] });
    messages.push({ role: "tool", seq: seq + 2, call: id, name: "exec", text: "é".repeat(resultBytes / 2) });
    messages.push({ role: "assistant", seq: seq + 3, text: `answer ${turn}`, calls: [] });
  }
  return messages;
};
const texts = (messages: readonly ModelMessage[]): string => messages.map(({ text }) => text).join("|");

test("fitContext leaves what fits untouched", () => {
  const messages = history(5, 3_000);
  const fitted = fitContext(messages, { tokens: 1_000_000, estimate });
  expect(fitted.messages).toEqual(messages);
  expect([fitted.fits, fitted.droppedMessages]).toEqual([true, 0]);
});

test("fitContext cuts old tool results first, oldest first, and names the ranges", () => {
  const fitted = fitContext(history(5, 7_000), { tokens: 8_500, estimate });
  expect([fitted.fits, fitted.droppedMessages]).toEqual([true, 0]);
  const cut = fitted.messages.filter(({ text }) => text.includes(CUT_MARK)).map(({ seq }) => seq);
  expect(cut).toEqual([2, 6]);
  const pieces = fitted.pieces.filter((piece) => piece.kind === "blob" || piece.seq === 2);
  expect(pieces.slice(0, 3)).toEqual([
    { kind: "row", role: "tool", seq: 2, name: "exec", cut: [0, 1_024], text: "é".repeat(512) },
    { kind: "blob", role: "tool", text: CUT_MARK },
    { kind: "row", role: "tool", seq: 2, name: "exec", cut: [6_488, 7_000], text: "é".repeat(256) },
  ]);
});

test("fitContext then drops old turns, and cuts results of the last three turns last", () => {
  const fitted = fitContext(history(6, 7_000), { tokens: 2_500, estimate });
  expect([fitted.fits, fitted.droppedMessages]).toEqual([true, 12]);
  expect(texts(fitted.messages)).toContain("question 3");
  const none = fitContext(history(6, 7_000), { tokens: 10, estimate });
  expect([none.fits, none.messages.length]).toEqual([false, 12]);
});

test("fitContext pairs calls and results whatever the history holds", () => {
  const [a, b, c] = ids;
  if (a === undefined || b === undefined || c === undefined) throw new Error("ids were made");
  const call = (id: CallId) => ({ id, providerId: "same", name: "exec", args: "{}" });
  const messages: readonly ModelMessage[] = [
    { role: "tool", seq: 0, call: c, name: "exec", text: "orphan" },
    { role: "user", seq: 1, text: "go" },
    { role: "assistant", seq: 2, text: "", calls: [call(a), call(b)] },
    { role: "tool", seq: 3, call: b, name: "exec", text: "second" },
    { role: "tool", seq: 4, call: b, name: "exec", text: "twice" },
    { role: "user", seq: 5, text: "and?" },
  ];
  const fitted = fitContext(messages, { tokens: 10_000, estimate });
  expect(texts(fitted.messages)).toBe(`go||${LOST_RESULT}|second|and?`);
});

test("fitContext keeps the last three user turns' words and every pair, for any sizes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.nat(20_000),
      (turns, bytes, tokens) => {
        const fitted = fitContext(history(turns, bytes * 2), { tokens, estimate });
        for (let turn = Math.max(0, turns - 3); turn < turns; turn++) {
          expect(texts(fitted.messages)).toContain(`question ${turn}|`);
          expect(texts(fitted.messages)).toContain(`answer ${turn}`);
        }
        const called = fitted.messages.flatMap((message) =>
          message.role === "assistant" ? message.calls.map(({ id }) => id) : [],
        );
        const answered = fitted.messages.flatMap((message) =>
          message.role === "tool" ? [message.call] : [],
        );
        expect(answered).toEqual(called);
        if (fitted.fits) {
          const sum = fitted.messages.reduce((total, { text }) => total + estimate(text), 0);
          expect(sum).toBeLessThanOrEqual(tokens);
        }
      },
    ),
    { numRuns: 100 },
  );
});
