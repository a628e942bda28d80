import { describe, expect, test } from "bun:test";
import { differenceOf } from "./difference.ts";
import { htmlText } from "./html-text.ts";
import { OutputCollector } from "./output-collector.ts";

describe("OutputCollector", () => {
  test("OutputCollector keeps head and tail exactly, for every split of the input", () => {
    const whole = `${"é".repeat(40)}${"x".repeat(100)}${"ü".repeat(40)}`;
    const bytes = new TextEncoder().encode(whole);
    for (const size of [1, 2, 3, 7, 50, bytes.length]) {
      for (const room of [64 + 30, 64 + 31, 64 + 32, 64 + 259, 64 + 260, 64 + 261]) {
        const collector = new OutputCollector(() => undefined, room);
        for (let at = 0; at < bytes.length; at += size) collector.add(bytes.subarray(at, at + size));
        const { text, truncated } = collector.text();
        expect(collector.bytes).toBe(bytes.length);
        expect(text).not.toContain("\ufffd");
        if (!truncated) expect(text).toBe(whole);
        const [head = "", tail = whole] = text.split(/\n\[\d+ bytes left out\]\n/);
        expect(whole.startsWith(head)).toBe(true);
        expect(whole.endsWith(tail)).toBe(true);
        expect(truncated).toBe(room < 64 + 260);
      }
    }
  });

  test("OutputCollector tells each line once it is whole", () => {
    const lines: string[] = [];
    const collector = new OutputCollector((line) => lines.push(line));
    for (const piece of ["on", "e\ntwo\nth", "ree", "\n"]) collector.add(new TextEncoder().encode(piece));
    expect(lines).toEqual(["one", "two", "three"]);
  });
});

describe("differenceOf", () => {
  test.each([
    ["", "", ""],
    ["a\nb\nc", "a\nB\nc", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"],
    ["a", "a\nb", "@@ -1,1 +1,2 @@\n a\n+b"],
    ["1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\n5\n6\n7\n8\nx", "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+x"],
    ["a\na", "a\na\na", "@@ -1,2 +1,3 @@\n a\n a\n+a"],
  ])("differenceOf %p and %p", (before, after, expected) => {
    expect(differenceOf(before, after)).toBe(expected);
  });
});

describe("htmlText", () => {
  test("htmlText keeps what a reader reads", async () => {
    const html = `<!doctype html><html><head><title>A &amp; B</title><style>p{}</style><script>bad()</script></head>
      <body><nav>menu</nav><h1>Head</h1><p>One <b>two</b>&nbsp;three<br>four</p>
      <ul><li>x<li>y</ul><script>alert("<p>no</p>")</script><noscript>no</noscript>
      <a href="https://e.example/?a=1">link</a><a href="javascript:x">odd</a> &#x41;&#66;&#xd800;</body></html>`;
    expect(await htmlText(html)).toBe(
      "A & B\n\nmenu\n\n# Head\n\nOne two three\nfour\n\n- x\n- y\nlink [https://e.example/?a=1]odd AB\ufffd",
    );
  });

  test("htmlText survives what is not closed", async () => {
    expect(await htmlText("<p>a<b>b<div>c")).toContain("c");
    expect(await htmlText("a<script>b")).toBe("a");
    expect(await htmlText("<".repeat(1_000))).toBeString();
  });
});
