import { expect, test } from "bun:test";
import { z } from "zod";
import { fixedRandom } from "#runtime/random.ts";
import vectors from "#test/vectors/vault/wycheproof-xchacha20-poly1305.json" with { type: "json" };
import { NONCE_BYTES, hmac, same, seal, unseal, withDerived } from "./cipher.ts";
import { hex, join, utf8 } from "./encoding.ts";

const hexText = z.string().regex(/^([0-9a-f]{2})*$/);
const cases = z
  .array(
    z.strictObject({
      id: z.int(),
      key: hexText,
      iv: hexText,
      aad: hexText,
      msg: hexText,
      ct: hexText,
      tag: hexText,
      valid: z.boolean(),
    }),
  )
  .min(300)
  .parse(vectors.tests);

test("unseal agrees with every Wycheproof vector", () => {
  let valid = 0;
  for (const vector of cases) {
    const nonce = bytes(vector.iv);
    // A nonce of another length cannot be expressed in a blob: its first 24 bytes are taken, and the tag then fails.
    const blob = join(nonce, bytes(vector.ct), bytes(vector.tag));
    const plain = unseal(bytes(vector.key), blob, bytes(vector.aad));
    if (vector.valid && nonce.byteLength === NONCE_BYTES) {
      valid += 1;
      expect(plain === undefined ? "refused" : hex(plain)).toBe(vector.msg);
    } else {
      expect([vector.id, plain]).toEqual([vector.id, undefined]);
    }
  }
  expect(valid).toBeGreaterThan(200);
});

test("seal gives what the vectors give for the same nonce", () => {
  const vector = cases.find((candidate) => candidate.valid && candidate.msg.length > 64);
  if (vector === undefined) throw new Error("no vector");
  const random = { ...fixedRandom(), bytes: () => bytes(vector.iv) };
  const blob = seal(random, bytes(vector.key), bytes(vector.msg), bytes(vector.aad));
  expect(hex(blob)).toBe(`${vector.iv}${vector.ct}${vector.tag}`);
});

test("withDerived gives RFC 5869 case 1 and zeroes its output", () => {
  const ikm = new Uint8Array(22).fill(0x0b);
  let seen: Uint8Array = new Uint8Array();
  const text = withDerived(
    ikm,
    bytes("000102030405060708090a0b0c"),
    bytes("f0f1f2f3f4f5f6f7f8f9"),
    (derived) => {
      seen = derived.subarray();
      return hex(derived);
    },
  );
  expect(text).toBe("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  expect(hex(seen)).toBe("00".repeat(32));
});

test("hmac gives RFC 4231 case 2", () => {
  const mac = hmac(utf8("Jefe"), utf8("what do ya want for nothing?"));
  expect(hex(mac)).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});

test("same tells bytes and lengths apart", () => {
  expect(same(utf8("ab"), utf8("ab"))).toBe(true);
  expect(same(utf8("ab"), utf8("ac"))).toBe(false);
  expect(same(utf8("ab"), utf8("abc"))).toBe(false);
});

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}
