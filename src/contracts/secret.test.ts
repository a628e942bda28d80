/** Every way in which a value becomes text by itself, tried on a secret. */
import { expect, test } from "bun:test";
import { SecretBytes, SecretLeak, SecretString } from "./secret.ts";

const CANARY = "canary-2f7c9e";
const bytes = (): Uint8Array => new TextEncoder().encode(CANARY);

const LEAKS: Readonly<Record<string, (secret: unknown) => unknown>> = {
  String: (secret) => String(secret),
  template: (secret) => `${secret}`,
  join: (secret) => [secret].join(),
  JSON: (secret) => JSON.stringify({ secret }),
  number: (secret) => Number(secret),
};

test.each(Object.entries(LEAKS))("a secret throws when it would become text by %s", (_, leak) => {
  for (const secret of [SecretString.take(bytes()), SecretBytes.take(bytes())]) {
    expect(() => leak(secret)).toThrow(SecretLeak);
    secret[Symbol.dispose]();
  }
});

test("a secret shows nothing of itself to an inspector, a spread or a loop over its members", () => {
  for (const secret of [SecretString.take(bytes()), SecretBytes.take(bytes())]) {
    const shown = Bun.inspect(secret, { depth: 10 });
    expect(shown).not.toContain(CANARY);
    expect(shown).not.toContain(String(bytes()[0]));
    expect(Object.keys({ ...secret })).toEqual([]);
    secret[Symbol.dispose]();
  }
});

test("a secret empties the array that it was made of, and is gone once it is disposed", () => {
  const given = bytes();
  const secret = SecretString.take(given);
  expect(given.every((byte) => byte === 0)).toBe(true);
  expect(secret.use((text) => text === CANARY)).toBe(true);
  secret[Symbol.dispose]();
  expect(() => secret.use(() => 0)).toThrow("disposed");
});

test("secrets cannot be made without their maker", () => {
  expect(() => Reflect.construct(SecretString, [Symbol("Secret"), bytes()])).toThrow(TypeError);
  expect(() => Reflect.construct(SecretBytes, [Symbol("Secret"), bytes()])).toThrow(TypeError);
});
