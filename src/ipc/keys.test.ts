/** Keys: RFC 8032 vectors, and every encoding of a point of small order. */
import { describe, expect, test } from "bun:test";
import { err } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { makeKey } from "./lab.case.ts";
import { PublicKey, SigningKey } from "./keys.ts";

const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromHex(text);
const P = 2n ** 255n - 19n;

/** RFC 8032 §7.1, tests 1 to 3: seed, public key, message, signature. */
const VECTORS = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

/** y of the points that vanish when doubled three times: ±1, 0 and the two of order 8. */
const SMALL_Y = [
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

function littleEndian(y: bigint, sign: 0 | 1): Uint8Array {
  const bytes = hex((y | (BigInt(sign) << 255n)).toString(16).padStart(64, "0"));
  return bytes.reverse();
}

/** y of 2·Q for a point with y² = `y2`, on −x² + y² = 1 + d·x²·y² (only y² is needed for doubling). */
function doubledY(y: bigint): bigint {
  const mod = (value: bigint): bigint => ((value % P) + P) % P;
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    for (let b = mod(base), e = exponent; e > 0n; b = mod(b * b), e >>= 1n)
      if (e & 1n) result = mod(result * b);
    return result;
  };
  const inverse = (value: bigint): bigint => power(value, P - 2n);
  const d = mod(-121665n * inverse(121666n));
  const y2 = mod(y * y);
  const x2 = mod((y2 - 1n) * inverse(mod(d * y2 + 1n)));
  return mod((y2 + x2) * inverse(mod(1n - d * mod(x2 * y2))));
}

describe("SigningKey and PublicKey", () => {
  test.each([...VECTORS])("agree with RFC 8032 on the seed %s", (seed, publicKey, message, signature) => {
    const key = SigningKey.fromSeed(SecretBytes.take(hex(seed)));
    if (!key.ok) throw new Error(key.error);
    expect(key.value.publicKey.hex).toBe(publicKey);
    expect(key.value.sign(hex(message)).toHex()).toBe(signature);
    expect(key.value.publicKey.verify(hex(message), hex(signature))).toBe(true);
    expect(key.value.publicKey.verify(hex(`${message}00`), hex(signature))).toBe(false);
  });

  test("refuse a signature with S + L, and one of another length", () => {
    const [, publicKey, message, signature] = VECTORS[1];
    const parsed = PublicKey.parse(publicKey);
    if (!parsed.ok) throw new Error(parsed.error);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${hex(signature).slice(32).reverse().toHex()}`) + order;
    const malleated = Buffer.concat([hex(signature).slice(0, 32), littleEndian(s, 0)]);
    expect(parsed.value.verify(hex(message), malleated)).toBe(false);
    expect(parsed.value.verify(hex(message), hex(signature).slice(0, 63))).toBe(false);
    expect(parsed.value.verify(hex(message), new Uint8Array(0))).toBe(false);
  });

  test("refuse every encoding of a point of small order", () => {
    for (const y of SMALL_Y) {
      expect(doubledY(doubledY(doubledY(y)))).toBe(1n); // it is one: 8·A is the identity
      for (const sign of [0, 1] as const) {
        expect(PublicKey.parse(littleEndian(y, sign))).toEqual(err("key_small_order"));
      }
    }
  });

  test("refuse encodings that are not canonical", () => {
    for (let y = P; y < 2n ** 255n; y += 1n) {
      for (const sign of [0, 1] as const) {
        expect(PublicKey.parse(littleEndian(y, sign))).toEqual(err("key_not_canonical"));
      }
    }
    expect(PublicKey.parse(littleEndian(P - 2n, 0)).ok).toBe(true);
  });

  test("refuse other lengths and other hex", () => {
    const good = makeKey().publicKey.hex;
    for (const bad of ["", "00", `${good}00`, good.toUpperCase(), ` ${good.slice(1)}`]) {
      expect(PublicKey.parse(bad)).toEqual(err("key_length"));
    }
    expect(PublicKey.parse(new Uint8Array(31))).toEqual(err("key_length"));
    expect(SigningKey.fromSeed(SecretBytes.take(new Uint8Array(31)))).toEqual(err("key_length"));
    expect(PublicKey.parse(good).ok).toBe(true);
  });

  test("are sealed, and show nothing", () => {
    const key = makeKey();
    expect(() => Reflect.construct(PublicKey, [Symbol("ipc key"), new Uint8Array(32)])).toThrow(TypeError);
    expect(() => Reflect.construct(SigningKey, [Symbol("ipc key"), {}, key.publicKey])).toThrow(TypeError);
    expect(JSON.stringify(key)).toBe('{"publicKey":{}}');
  });
});
