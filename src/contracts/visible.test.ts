import { expect, test } from "bun:test";
import fc from "fast-check";
import { capMiddle, utf8Head, utf8Length, utf8Tail, visible, visibleLine } from "./visible.ts";

test("visible shows bidi, zero-width, control, tag and filler characters by number", () => {
  const table: readonly [string, string][] = [
    ["a\u202eb", "a⟦U+202E⟧b"],
    ["a\u200bb", "a⟦U+200B⟧b"],
    ["a\u001b[2Kb", "a⟦U+001B⟧[2Kb"],
    ["a\rb", "a⟦U+000D⟧b"],
    ["\u{e0041}", "⟦U+E0041⟧"],
    ["\u3164", "⟦U+3164⟧"],
    ["a\u034fb", "a⟦U+034F⟧b"],
    ["x\ufe0e\u{e0100}\u180b", "x⟦U+FE0E⟧⟦U+E0100⟧⟦U+180B⟧"],
    ["a\u00a0\u2009b", "a⟦U+00A0⟧⟦U+2009⟧b"],
    ["\u{100000}", "⟦U+100000⟧"],
    ["\ud800", "⟦U+D800⟧"],
    ["a\nb\tc", "a\nb\tc"],
    ["Grüße 漢字 🎉", "Grüße 漢字 🎉"],
  ];
  for (const [text, shown] of table) expect(visible(text)).toBe(shown);
});

test("visibleLine leaves no line break", () => {
  expect(visibleLine("a\nb\tc")).toBe("a⟦U+000A⟧b⟦U+0009⟧c");
});

test("utf8Head and utf8Tail cut between characters", () => {
  expect(utf8Head("a€b", 3)).toBe("a");
  expect(utf8Head("a€b", 4)).toBe("a€");
  expect(utf8Tail("a€b", 3)).toBe("b");
  expect(utf8Tail("a€b", 4)).toBe("€b");
  expect(utf8Tail("a€b", 0)).toBe("");
});

test("capMiddle never exceeds its bound and keeps short text as it is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.integer({ min: 0, max: 500 }),
      (text, max) => {
        const capped = capMiddle(text, max);
        expect(utf8Length(capped)).toBeLessThanOrEqual(max);
        if (utf8Length(text) <= max) expect(capped).toBe(text);
        expect(capped.isWellFormed()).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("capMiddle says how many bytes it left out", () => {
  const text = "x".repeat(1_000);
  const capped = capMiddle(text, 100);
  const left = Number(/\[(\d+) bytes left out\]/.exec(capped)?.[1]);
  expect(capped.replace(/\n\[.*\]\n/, "").length + left).toBe(1_000);
});
