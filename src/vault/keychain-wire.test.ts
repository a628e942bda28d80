import { expect, test } from "bun:test";
import fc from "fast-check";
import { hex } from "./encoding.ts";
import { KEYCHAIN_REASONS, isKeychainReason } from "./keychain.ts";
import {
  type KeychainAnswer,
  parseAnswer,
  parseRequest,
  printAnswer,
  printRequest,
} from "./keychain-wire.ts";

const anyBytes = fc.uint8Array({ maxLength: 80 });

test("parseRequest undoes printRequest", () => {
  const secret = fc.uint8Array({ minLength: 1, maxLength: 64 });
  fc.assert(
    fc.property(
      fc.constantFrom("get", "set", "delete"),
      fc.string({ maxLength: 30 }),
      secret,
      (operation, account, s) => {
        const request = {
          operation,
          account: account.toWellFormed(),
          secret: operation === "set" ? s : new Uint8Array(),
        };
        const parsed = parseRequest(printRequest(request));
        expect(parsed.ok && parsed.value).toEqual(request);
      },
    ),
  );
});

test("parseAnswer undoes printAnswer", () => {
  const reasons = Object.keys(KEYCHAIN_REASONS).filter(isKeychainReason);
  const answers: fc.Arbitrary<KeychainAnswer> = fc.oneof(
    anyBytes.map((secret) => ({ status: "done" as const, secret })),
    fc.constant({ status: "none" as const }),
    fc.constantFrom(...reasons).map((reason) => ({ status: "failed" as const, reason })),
  );
  fc.assert(
    fc.property(answers, (answer) => {
      const parsed = parseAnswer(printAnswer(answer));
      expect(parsed.ok && parsed.value).toEqual(answer);
    }),
  );
});

test("parseRequest and parseAnswer print what they accept, and refuse the rest", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const request = parseRequest(bytes);
      if (request.ok) expect(hex(printRequest(request.value))).toBe(hex(bytes));
      const answer = parseAnswer(bytes);
      if (answer.ok) expect(hex(printAnswer(answer.value))).toBe(hex(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["an empty request", ""],
  ["an unknown operation", "04000000016100000000"],
  ["a set without a secret", "02000000016100000000"],
  ["a get with one", "0100000001610000000161"],
  ["a length that lies", "01ffffffff61"],
  ["a byte after the end", "0100000001610000000000"],
  ["an account that is no UTF-8", "0100000001ff00000000"],
])("parseRequest refuses %s", (_, text) => {
  expect(parseRequest(Uint8Array.from(Buffer.from(text, "hex"))).ok).toBe(false);
});
