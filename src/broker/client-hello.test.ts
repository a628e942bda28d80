import { expect, test } from "bun:test";
import fc from "fast-check";
import { serverNameOf } from "./client-hello.ts";

const u16 = (value: number): number[] => [value >> 8, value & 255];
const vector = (width: 1 | 2, body: readonly number[]): number[] =>
  width === 1 ? [body.length, ...body] : [...u16(body.length), ...body];
const ascii = (text: string): number[] => [...Buffer.from(text)];

/** A ClientHello message that names `names`, each in an extension of its own. */
function hello(...names: readonly string[]): number[] {
  const extensions = names.flatMap((name) => [
    ...u16(0),
    ...vector(2, vector(2, [0, ...vector(2, ascii(name))])),
  ]);
  const body = [
    ...u16(0x0303),
    ...Array.from({ length: 32 }, () => 7),
    ...vector(1, []),
    ...vector(2, [0x13, 0x01]),
    ...vector(1, [0]),
    ...vector(2, [...u16(0x002b), ...vector(2, [2, 3, 4]), ...extensions]),
  ];
  return [1, 0, ...u16(body.length), ...body];
}

/** The message in records of `size` bytes each. */
function records(message: readonly number[], size = 16_384): Uint8Array {
  const parts: number[] = [];
  for (let at = 0; at < message.length; at += size)
    parts.push(22, 3, 1, ...vector(2, message.slice(at, at + size)));
  return Uint8Array.from(parts);
}

test("serverNameOf reads the name from one record and from many, in lower case", () => {
  expect(serverNameOf(records(hello("Lab.Example.")))).toEqual({ ok: true, value: "lab.example" });
  for (const size of [1, 2, 3, 50])
    expect(serverNameOf(records(hello("lab.example"), size))).toEqual({ ok: true, value: "lab.example" });
  expect(serverNameOf(records(hello()))).toEqual({ ok: true, value: "" });
});

test("serverNameOf asks for more bytes at every cut, and never guesses a name", () => {
  const whole = records(hello("lab.example"), 40);
  for (let length = 0; length < whole.length; length++)
    expect(serverNameOf(whole.subarray(0, length))).toEqual({ ok: false, error: "short" });
});

test("serverNameOf takes two names, an empty one and other messages for no greeting", () => {
  for (const message of [
    hello("a.example", "b.example"),
    hello(""),
    hello("a b"),
    [2, ...hello("a").slice(1)],
  ])
    expect(serverNameOf(records(message))).toEqual({ ok: false, error: "not_tls" });
  for (const text of ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\u0016\u0002\u0001\u0000\u0001\u0001"])
    expect(serverNameOf(Buffer.from(text, "latin1"))).toEqual({ ok: false, error: "not_tls" });
});

test("serverNameOf is total over changed greetings", () => {
  const whole = records(hello("lab.example"));
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      const name = serverNameOf(bytes);
      return name.ok ? /^[\x21-\x7e]*$/.test(name.value) : true;
    }),
    { numRuns: 2_000 },
  );
});
