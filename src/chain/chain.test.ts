/** Properties of the formats: what is printed parses to the same, what is not printed so is refused. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { auditCrypto } from "#audit/node-crypto.ts";
import { isIJsonObject, repairSurrogates } from "./i-json.ts";
import { originOf, parseCheckpoint, printCheckpoint } from "./note.ts";
import {
  consistencyProof,
  inclusionProof,
  rangeFromFrontier,
  rangeOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from "./proofs.ts";
import { parseHeadRequest, printHeadRequest } from "./signer-protocol.ts";
import { Frontier, leafHash } from "./tree.ts";

const crypto = auditCrypto();
const data = (index: number): Uint8Array => crypto.sha256(`leaf ${index}`);

test("proofs made from leaves, or from a frontier, verify for every pair of sizes up to 40", () => {
  const leaves = Array.from({ length: 40 }, (_, index) => leafHash(crypto, data(index)));
  const frontiers = [new Frontier(crypto)];
  const grown = new Frontier(crypto);
  for (let index = 0; index < 40; index++) {
    grown.append(data(index));
    frontiers.push(grown.copy());
  }
  const range = rangeOfLeaves(crypto, leaves);
  for (const [second, tree] of frontiers.entries()) {
    for (const [first, before] of frontiers.slice(0, second + 1).entries()) {
      const fromFrontier = rangeFromFrontier(crypto, first, before.roots(), leaves.slice(first, second));
      const proof = consistencyProof(first, second, fromFrontier);
      expect(proof).toEqual(consistencyProof(first, second, range));
      const old = { size: first, root: before.root() };
      const now = { size: second, root: tree.root() };
      expect(verifyConsistency(crypto, old, now, proof)).toBe(first > 0);
      if (first === 0 || first === second) continue;
      const other = { size: first, root: crypto.sha256("another past") };
      expect(verifyConsistency(crypto, other, now, proof)).toBe(false);
    }
    for (let index = 0; index < second; index++) {
      const leaf = { index, hash: leafHash(crypto, data(index)) };
      const proof = inclusionProof(index, second, range);
      expect(verifyInclusion(crypto, leaf, { size: second, root: tree.root() }, proof)).toBe(true);
    }
  }
});

test("Frontier.from rebuilds a tree and refuses a wrong number of roots", () => {
  const tree = new Frontier(crypto);
  for (let index = 0; index < 13; index++) tree.append(data(index));
  const again = Frontier.from(crypto, 13, tree.roots());
  tree.append(data(13));
  again?.append(data(13));
  expect(again?.root()).toEqual(tree.root());
  expect(Frontier.from(crypto, 13, tree.roots().slice(1))).toBeUndefined();
  expect(Frontier.from(crypto, 12, tree.roots())).toBeUndefined();
});

describe("isIJsonObject", () => {
  test("agrees with printing: every object of integers and well-formed text passes", () => {
    const value = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: "small" },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.string({ unit: "binary" }),
        fc.array(tie("json"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("json"), { maxKeys: 4 }),
      ),
    })).json;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 5 }), fc.nat(4), (object, indent) => {
        expect(isIJsonObject(JSON.stringify(object, null, indent).replace(/:-0([,}\s])/g, ":0$1"))).toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
  });

  const REFUSED = [
    "",
    "[]",
    "null",
    '"a"',
    "{",
    "}",
    "{}x",
    "{},",
    '{"a":1,}',
    '{"a"}',
    '{"a":}',
    "{a:1}",
    "{'a':1}",
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":1,"b":2}}',
    '{"a":1.0}',
    '{"a":1e3}',
    '{"a":-}',
    '{"a":+1}',
    '{"a":01}',
    '{"a":-01}',
    '{"a":9007199254740992}',
    '{"a":-9007199254740992}',
    '{"a":123456789012345678901}',
    '{"a":NaN}',
    '{"a":tru}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"a":"\\ud800"}',
    '{"a":"\\udc00\\ud800"}',
    '{"a":"\\ud800\\u0041"}',
    '{"a":"\\u12"}',
    '{"a":"',
    '{"a":"\\',
    '{"a":"\ud800"}',
    '{"\\ud800":1}',
    "\ufeff{}",
    `${'{"a":'.repeat(70)}1${"}".repeat(70)}`,
    `{"a":${"[".repeat(100_000)}`,
  ];
  for (const text of REFUSED) {
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => expect(isIJsonObject(text)).toBe(false));
  }

  test("takes what the rule allows", () => {
    for (const text of [
      "{}",
      ' { "a" : [ 1 , -2 ] } ',
      '{"a":"\\ud83d\\ude00"}',
      '{"a":9007199254740991}',
      '{"__proto__":1}',
    ]) {
      expect(isIJsonObject(text)).toBe(true);
    }
  });

  test("repairSurrogates makes every text well-formed and changes no other", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, broken) => {
        const printed = JSON.stringify({ a: broken ? `${text}\ud800` : text });
        const repaired = repairSurrogates(printed);
        expect(isIJsonObject(repaired)).toBe(true);
        if (!broken) expect(JSON.parse(repaired)).toEqual({ a: text });
      }),
    );
  });
});

test("a checkpoint parses to what was printed, and another text is refused or printed otherwise", () => {
  const key = crypto.sha256("a key");
  const checkpoint = { origin: originOf("ab".repeat(16)), size: 12, root: data(1) };
  const note = printCheckpoint(crypto, checkpoint, key, new Uint8Array(64));
  const parsed = parseCheckpoint(note);
  expect(parsed).toMatchObject({ ok: true, value: { ...checkpoint, extensions: 0 } });
  for (const changed of [
    note.slice(0, -1),
    `${note}\n`,
    note.replace("\n12\n", "\n012\n"),
    note.replace("\n12\n", "\n-1\n"),
    note.replace("—", "-"),
    note.replace("\n\n", "\n"),
    note.replaceAll("\n", "\r\n"),
    note.replace("=\n\n", "\n\n"),
    "",
  ]) {
    expect(parseCheckpoint(changed).ok).toBe(false);
  }
});

test("bodies of the signer's protocol parse strictly", () => {
  const session = "default/telegram/c-aaaaaaaaaaaaaaaaaaaaaaaaaa";
  const hash = "ab".repeat(32);
  const request = { logId: "cd".repeat(16), session, seqStart: 0, seqEnd: 4, headHash: hash, reason: "turn" };
  const body = printHeadRequest(request);
  expect(parseHeadRequest(body)).toEqual({ ok: true, value: request });
  for (const changed of [
    body.replace("}", ',"more":1}'),
    body.replace('"turn"', '"Turn"'),
    body.replace("ab", "AB"),
    body.replace(":4", ":-4"),
    body.replace(":4", ":4.5"),
    body.replace('"seq_end":4,', ""),
    body.replace("default", "Default"),
    "[]",
    "",
    "{",
  ]) {
    expect(parseHeadRequest(changed).ok).toBe(false);
  }
});
