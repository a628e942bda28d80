/** A server's output cut into messages: whatever it prints, what is held of it is bounded. */
import { expect, test } from "bun:test";
import { MCP_MESSAGE_BYTES_MAX, MCP_NESTING_MAX } from "#contracts/mcp.ts";
import { MessageLines } from "./message-lines.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Pushes pieces until a breach, and tells how many bytes it took. */
function until(piece: string, times: number) {
  const lines = new MessageLines();
  const heard: unknown[] = [];
  for (let count = 1; count <= times; count++) {
    const breach = lines.push(utf8(piece), (value) => heard.push(value));
    if (breach !== undefined) return { breach, count, heard };
  }
  return { breach: undefined, count: times, heard };
}

test("MessageLines ends a line that never ends, and one that is whole and too long", () => {
  const piece = "x".repeat(MCP_MESSAGE_BYTES_MAX / 4);
  expect(until(piece, 100)).toMatchObject({ breach: "too_large", count: 5 });
  expect(until(`${"x".repeat(MCP_MESSAGE_BYTES_MAX + 1)}\n`, 1).breach).toBe("too_large");
});

test("MessageLines ends a message that is nested too deep, and a server that prints without end", () => {
  const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}\n`;
  expect(until(deep(MCP_NESTING_MAX), 3).heard).toHaveLength(3);
  expect(until(deep(MCP_NESTING_MAX + 1), 1).breach).toBe("too_deep");
  expect(until("no message\n", 1_000)).toMatchObject({ breach: "noise", count: 257 });
});

test("MessageLines gives the same messages for any pieces", () => {
  const text = 'banner\n{"a":"é"}\n\n{"b":[1,2]}\n';
  for (let size = 1; size <= text.length; size++) {
    const lines = new MessageLines();
    const heard: unknown[] = [];
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length; at += size)
      lines.push(bytes.subarray(at, at + size), (value) => heard.push(value));
    expect(heard).toEqual([{ a: "é" }, { b: [1, 2] }]);
  }
});
