import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Action } from "#contracts/action.ts";
import { type ApprovalFields, approvalBytes, approvalDigest, canonicalAction } from "./digest.ts";
import { SAMPLES } from "./samples.case.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const FIELDS: ApprovalFields = {
  action: SAMPLES.shell_exec,
  session: "default/webchat/c-1",
  agent: "default",
  asker: "p-1",
  expiresMs: 1_700_000_000_000,
  nonce: "00".repeat(16),
};
const digestOf = (fields: ApprovalFields): string => {
  const made = approvalDigest(sha256, fields);
  if (!made.ok) throw new Error(made.error);
  return made.value;
};

/** Every copy of a JSON value with exactly one leaf changed. */
function* changes(value: unknown): Generator<unknown> {
  if (typeof value === "string") yield `${value}x`;
  else if (typeof value === "number") yield value + 1;
  else if (typeof value === "boolean") yield !value;
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      for (const changed of changes(item)) yield value.with(i, changed);
    yield [...value, "x"];
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      for (const changed of changes(member)) yield { ...value, [name]: changed };
    }
    yield { ...value, added: "x" };
  }
}

test("approvalDigest changes with every leaf of every kind of action", () => {
  let tried = 0;
  for (const action of Object.values<Action>(SAMPLES)) {
    const before = digestOf({ ...FIELDS, action });
    for (const changed of changes(action)) {
      // The changed value need not be an Action any more: the digest must differ for any bytes.
      expect(digestOf({ ...FIELDS, action: changed as Action })).not.toBe(before);
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(200);
});

test("approvalDigest changes with session, agent, asker, expiry and nonce", () => {
  const before = digestOf(FIELDS);
  const others: readonly Partial<ApprovalFields>[] = [
    { session: "default/webchat/c-2" },
    { agent: "other" },
    { asker: "p-2" },
    { expiresMs: FIELDS.expiresMs + 1 },
    { nonce: `${"00".repeat(15)}01` },
    { session: "default/webchat/c-1d", agent: "efault" },
  ];
  for (const other of others) expect(digestOf({ ...FIELDS, ...other })).not.toBe(before);
});

test("approvalBytes lays the fields out as the page says", () => {
  const made = approvalBytes({ ...FIELDS, session: "s", agent: "a", asker: "p", expiresMs: 258 });
  const canonical = canonicalAction(FIELDS.action);
  if (!made.ok || !canonical.ok) throw new Error("the sample has a canonical form");
  const length = new TextEncoder().encode(canonical.value).length;
  const hex = (text: string): string => Buffer.from(text).toString("hex");
  expect(Buffer.from(made.value).toString("hex")).toBe(
    `${hex("wirken/approval/v1\0")}${length.toString(16).padStart(8, "0")}${hex(canonical.value)}` +
      `00000001${hex("s")}00000001${hex("a")}00000001${hex("p")}0000000000000102${"00".repeat(16)}`,
  );
});

test("approvalBytes refuses what has no canonical form", () => {
  let deep: unknown = "x";
  for (let i = 0; i < 100_000; i++) deep = [deep];
  for (const value of [1.5, 2 ** 53, "\udfff", Number.NaN, deep]) {
    const action = { ...FIELDS.action, args: { value } } as Action;
    expect(approvalBytes({ ...FIELDS, action })).toEqual({ ok: false, error: "not_canonical" });
  }
  expect(approvalBytes({ ...FIELDS, nonce: "00" })).toEqual({ ok: false, error: "nonce" });
  expect(approvalBytes({ ...FIELDS, expiresMs: 0.5 })).toEqual({ ok: false, error: "expires" });
});

test("canonicalAction does not depend on the order of members", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer(), { maxKeys: 8 }), (args) => {
      const reversed = Object.fromEntries(Object.entries(args).reverse());
      const a = canonicalAction({ ...SAMPLES.channel_reply, args });
      expect(a).toEqual(canonicalAction({ ...SAMPLES.channel_reply, args: reversed }));
    }),
    { numRuns: 200 },
  );
});
