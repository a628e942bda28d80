import { describe, expect, test } from "bun:test";
import { closeSync, readFileSync } from "node:fs";
import { SecretBytes } from "#contracts/secret.ts";
import { encodeHandoff, parseHandoff, pipedHandoff, readHandoff } from "./handoff.ts";
import { loadLibc } from "./libc.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const NAMES = ["token", "state-key"];
const entries = (): Map<string, SecretBytes> =>
  new Map([
    ["token", SecretBytes.take(text("abc"))],
    ["state-key", SecretBytes.take(new Uint8Array(32).fill(7))],
  ]);

function encoded(): Uint8Array {
  const result = encodeHandoff(entries(), NAMES);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function raw(count: number, ...pairs: (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const body = pairs.flatMap(([name, value]) => [u32(name.length), name, u32(value.length), value]);
  return Buffer.concat([text("wirken-handoff-v1\n"), u32(count), ...body]);
}

describe.skipIf(loadLibc() === undefined)("pipedHandoff (needs Linux)", () => {
  test("pipedHandoff holds the whole hand-off and its end before anyone reads", () => {
    const piped = pipedHandoff(entries(), NAMES);
    if (!piped.ok || piped.value === undefined) throw new Error("no pipe");
    expect(Buffer.compare(readFileSync(piped.value), encoded())).toBe(0);
    closeSync(piped.value);
  });

  test("pipedHandoff refuses a name outside the plan, and what is too long", () => {
    expect(pipedHandoff(entries(), ["token"])).toMatchObject({ ok: false, error: { code: "config" } });
    const large = new Map([["token", SecretBytes.take(new Uint8Array(65_536))]]);
    expect(pipedHandoff(large, NAMES)).toMatchObject({ ok: false, error: { code: "limit" } });
  });
});

describe("parseHandoff", () => {
  test("parseHandoff reads what encodeHandoff wrote", () => {
    const result = parseHandoff(encoded(), NAMES);
    if (!result.ok) throw new Error(result.error.message);
    expect([...result.value.keys()]).toEqual(NAMES);
    expect(result.value.get("token")?.use((bytes) => new TextDecoder().decode(bytes))).toBe("abc");
    expect(result.value.get("state-key")?.length).toBe(32);
  });

  test("parseHandoff refuses every shorter prefix and one byte more", () => {
    const bytes = encoded();
    for (let length = 0; length < bytes.length; length++) {
      expect(parseHandoff(bytes.subarray(0, length), NAMES)).toMatchObject({
        ok: false,
        error: { code: "config" },
      });
    }
    expect(parseHandoff(Buffer.concat([bytes, text("x")]), NAMES).ok).toBe(false);
  });

  test.each([
    ["a duplicate name", raw(2, [text("token"), text("a")], [text("token"), text("b")])],
    ["a name outside the plan", raw(1, [text("other"), text("a")])],
    ["a name that is not UTF-8", raw(1, [Uint8Array.of(0xff), text("a")])],
    ["a count above what follows", raw(0xffffffff, [text("token"), text("a")])],
    ["another first line", text("wirken-handoff-v2\n\0\0\0\0")],
    ["more than 64 KiB", raw(1, [text("token"), new Uint8Array(65_536)])],
  ])("parseHandoff refuses %s", (_name, bytes) => {
    expect(parseHandoff(bytes, NAMES)).toMatchObject({ ok: false, error: { reason: "handoff" } });
  });
});

describe("readHandoff", () => {
  test("readHandoff joins pieces and stops a sender that never ends", async () => {
    const bytes = encoded();
    const split = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect((await readHandoff(NAMES, split)).ok).toBe(true);
    const endless = new ReadableStream<Uint8Array>({ pull: (c) => c.enqueue(new Uint8Array(4_096)) });
    expect(await readHandoff(NAMES, endless)).toMatchObject({ ok: false, error: { reason: "handoff" } });
  });
});

describe("a prefix", () => {
  test("a prefix covers the names that begin with it, and no other", () => {
    const one = (name: string) => encodeHandoff(new Map([[name, SecretBytes.take(text("x"))]]), ["secret:"]);
    expect(one("secret:token").ok).toBe(true);
    expect(one("secret").ok).toBe(false);
    expect(one("my-secret:token").ok).toBe(false);
  });
});

describe("encodeHandoff", () => {
  test("encodeHandoff refuses a name outside the plan and a hand-off above 64 KiB", () => {
    expect(encodeHandoff(entries(), ["token"])).toMatchObject({ ok: false, error: { code: "config" } });
    const big = new Map([["token", SecretBytes.take(new Uint8Array(65_536))]]);
    expect(encodeHandoff(big, NAMES)).toMatchObject({ ok: false, error: { code: "limit" } });
  });
});
