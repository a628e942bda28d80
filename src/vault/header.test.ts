import { expect, test } from "bun:test";
import fc from "fast-check";
import { sha256 } from "./cipher.ts";
import { hex, join } from "./encoding.ts";
import { type Header, type Holder, keyAccount, parseHeader, printHeader } from "./header.ts";

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const holders: fc.Arbitrary<Holder> = fc.oneof(
  bytesOf(32).map((confirmation) => ({ kind: "keychain" as const, confirmation })),
  fc
    .record({ log2N: fc.integer({ min: 17, max: 20 }), wrapped: bytesOf(72) })
    .map((fields) => ({ kind: "passphrase" as const, ...fields })),
);
const headers: fc.Arbitrary<Header> = fc.record({
  id: bytesOf(16),
  generation: fc.integer({ min: 1, max: 0xffffffff }),
  salt: bytesOf(32),
  holder: holders,
});

test("parseHeader undoes printHeader", () => {
  fc.assert(
    fc.property(headers, (header) => {
      const parsed = parseHeader(printHeader(header));
      expect(parsed.ok && hex(printHeader(parsed.value))).toBe(hex(printHeader(header)));
    }),
    { numRuns: 200 },
  );
});

test("parseHeader refuses every flipped byte, every cut and every addition", () => {
  fc.assert(
    fc.property(headers, (header) => {
      const printed = printHeader(header);
      for (let at = 0; at < printed.length; at++) {
        const changed = printed.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(parseHeader(changed).ok).toBe(false);
        expect(parseHeader(printed.subarray(0, at)).ok).toBe(false);
      }
      expect(parseHeader(join(printed, Uint8Array.of(0))).ok).toBe(false);
    }),
    { numRuns: 5 },
  );
});

test("parseHeader prints the same bytes for whatever it accepts", () => {
  const base = printHeader({
    id: new Uint8Array(16),
    generation: 1,
    salt: new Uint8Array(32),
    holder: { kind: "passphrase", log2N: 17, wrapped: new Uint8Array(72) },
  });
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: base.length - 33 }),
      fc.integer({ min: 0, max: 255 }),
      (at, value) => {
        const body = base.slice(0, base.length - 32);
        body[at] = value;
        const forged = join(body, sha256(body)); // an outsider can make the check right
        const parsed = parseHeader(forged);
        if (!parsed.ok) return;
        accepted += 1;
        expect(hex(printHeader(parsed.value))).toBe(hex(forged));
      },
    ),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test.each([
  ["generation 0", 16, [0, 0, 0, 0]],
  ["an unknown kdf", 20, [2]],
  ["N of 2^16", 21, [16]],
  ["N of 2^21, which would cost 2 GiB", 21, [21]],
  ["another r", 22, [0, 0, 0, 9]],
  ["another p", 26, [0, 0, 0, 2]],
] as const)("parseHeader refuses %s even with a right check", (_, at, values) => {
  const printed = printHeader({
    id: new Uint8Array(16),
    generation: 1,
    salt: new Uint8Array(32),
    holder: { kind: "passphrase", log2N: 17, wrapped: new Uint8Array(72) },
  });
  const body = printed.slice(0, printed.length - 32);
  body.set(values, at);
  expect(parseHeader(join(body, sha256(body))).ok).toBe(false);
});

test("keyAccount names vault and generation", () => {
  expect(keyAccount(new Uint8Array(16).fill(0xab), 3)).toBe(`vault-key/${"ab".repeat(16)}/3`);
});
