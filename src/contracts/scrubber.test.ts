import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SCRUBBED, type Scrubbed, Scrubber } from "./scrubber.ts";
import { SecretString } from "./secret.ts";

const KEY = "sk-proj/Zx81+q0Lw==~äß";
const ASCII_KEY = "sk-ant-api03_Zx81-q0LwAAaa";
const encoder = new TextEncoder();
const secretOf = (text: string): SecretString => SecretString.take(encoder.encode(text));
const scrubber = new Scrubber([
  { name: "provider:one", secret: secretOf(KEY) },
  { name: "provider:two", secret: secretOf(ASCII_KEY) },
  { name: "provider:word", secret: secretOf("none") },
]);
afterAll(() => scrubber[Symbol.dispose]());

function clean(text: string): string {
  return scrubber.text(text, new Map());
}

/** Written by another hand than `secret-forms.ts`: the platform's own encoders. */
function formsBy(key: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(key);
  const latin1 = bytes.toString("latin1");
  return new Map([
    ["clear", key],
    ["reversed", [...key].toReversed().join("")],
    ["hex", bytes.toString("hex")],
    ["HEX", bytes.toString("hex").toUpperCase()],
    ["base64", bytes.toString("base64")],
    ["base64 of Bearer", Buffer.from(`Bearer ${key}!`).toString("base64")],
    ["base64 after one", Buffer.from(`x${key}yz`).toString("base64")],
    ["base64 after two", Buffer.from(`xy${key}z`).toString("base64")],
    ["base64url", Buffer.from(`u:${key}`).toString("base64url")],
    ["URL-encoded", encodeURIComponent(key)],
    ["form-encoded", new URLSearchParams([["k", key]]).toString()],
    ["every byte URL-encoded", [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")],
    ["JSON of PHP", JSON.stringify(key).replaceAll("/", "\\/")],
    ["UTF-16LE", Buffer.from(latin1, "utf16le").toString("latin1")],
    ["UTF-16BE", Buffer.from(latin1, "utf16le").swap16().toString("latin1")],
    ["UTF-8 read as Latin-1", latin1],
  ]);
}

describe("Scrubber", () => {
  for (const key of [KEY, ASCII_KEY]) {
    for (const [form, text] of formsBy(key)) {
      test(`takes out ${key.slice(0, 6)}… as ${form}, cut into two at every unit`, () => {
        for (let cut = 0; cut <= text.length; cut++) {
          const found: Scrubbed = new Map();
          const stream = scrubber.stream(found);
          const out =
            stream.push(`words ${text.slice(0, cut)}`) +
            stream.push(`${text.slice(cut)} more`) +
            stream.end();
          expect(out).toContain(SCRUBBED);
          expect(out).not.toContain(key);
          expect(out.startsWith("words ")).toBe(true);
          expect(out.endsWith(" more")).toBe(true);
          expect([...found.values()]).toEqual([1]);
          // Of base64 the digits that it shares with its neighbours may stand, nothing else.
          expect(out.length).toBeLessThan("words  more".length + SCRUBBED.length + 16);
        }
      });
    }
  }

  test("finds every secret wherever it stands among anything, in any pieces", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(
        KEY,
        ASCII_KEY,
        KEY.slice(0, 9),
        ASCII_KEY.slice(1),
        ASCII_KEY.slice(0, -1),
        "sk-sk-",
        "s",
      ),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 12 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (parts, cuts) => {
          const text = parts.join("");
          const stream = scrubber.stream(new Map());
          const borders = [
            0,
            ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b),
            text.length,
          ];
          const pieces = borders.slice(1).map((to, i) => text.slice(borders[i], to));
          const out = pieces.map((piece) => stream.push(piece)).join("") + stream.end();
          expect(out).not.toContain(KEY);
          expect(out).not.toContain(ASCII_KEY);
          expect(out).toBe(clean(text));
          // The same by search and replace, the leftmost first.
          expect(out).toBe(
            text.replace(new RegExp([KEY, ASCII_KEY].map(RegExp.escape).join("|"), "g"), SCRUBBED),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("holds back what could be a beginning, no more", () => {
    const stream = scrubber.stream(new Map());
    expect(stream.push("Good morning")).toBe("Good morning");
    expect(stream.push(" s")).toBe(" ");
    expect(stream.push("o it is. sk-")).toBe("so it is. ");
    expect(stream.push("ant")).toBe("");
    expect(stream.push("ique")).toBe("sk-antique");
    expect(stream.push("sk-pro")).toBe("");
    expect(stream.end()).toBe("sk-pro");
  });

  test("leaves short keys alone, and names the secret that it found", () => {
    const found: Scrubbed = new Map();
    expect(scrubber.text(`none of ${ASCII_KEY} and ${ASCII_KEY}`, found)).toBe(
      "none of [secret] and [secret]",
    );
    expect([...found]).toEqual([["provider:two", 2]]);
  });

  test("undoes the escapes of JSON before it looks", () => {
    const hidden = [...ASCII_KEY]
      .map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
    const texts = [
      `{"url":"https://x.test/?k=${hidden}","n":[1,{"${hidden}":null}]}`,
      `{"a":"${hidden}","a":"b"}`,
      `{"broken":"${hidden}"`,
      `${"[".repeat(50_000)}"${hidden}"${"]".repeat(50_000)}`,
      `{"url":"sk-ant-api03_Zx81-\\u00710LwAAaa"}`,
    ];
    for (const text of texts) {
      const found: Scrubbed = new Map();
      const out = scrubber.jsonText(text, found);
      expect(out).not.toContain(hidden);
      expect(out).not.toContain("0LwAAaa");
      expect([...found.keys()]).toEqual(["provider:two"]);
    }
    expect(JSON.parse(scrubber.jsonText(texts[0] ?? "", new Map()))).toEqual({
      url: "https://x.test/?k=[secret]",
      n: [1, { "[secret]": null }],
    });
    const innocent = '{"path":"a\\u0062c\\/d"}';
    expect(scrubber.jsonText(innocent, new Map())).toBe(innocent);
  });

  test("costs the same for a text however near it comes to a secret", () => {
    const timeOf = (unit: string): number => {
      const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
      const began = performance.now();
      clean(text);
      return performance.now() - began;
    };
    timeOf("warm ");
    const plain = Math.max(5, timeOf("a plain word "));
    expect(timeOf(ASCII_KEY.slice(0, -1))).toBeLessThan(20 * plain);
    expect(timeOf("sk-")).toBeLessThan(20 * plain);
  });

  test("holds nothing once it is disposed", () => {
    const other = new Scrubber([{ name: "x", secret: secretOf(ASCII_KEY) }]);
    other[Symbol.dispose]();
    expect(other.text(`a ${ASCII_KEY}`, new Map())).toBe(`a ${ASCII_KEY}`);
  });
});
