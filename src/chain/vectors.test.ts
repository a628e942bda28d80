/** Published vectors: proofs of RFC 6962, and the classes of signatures on which Ed25519 implementations disagree. */
import { expect, test } from "bun:test";
import { auditCrypto } from "#audit/node-crypto.ts";
import merkle from "#test/vectors/chain/merkle-rfc6962.json";
import speccheck from "#test/vectors/chain/ed25519-speccheck.json";
import wycheproof from "#test/vectors/chain/wycheproof-ed25519.json";
import { verifyConsistency, verifyInclusion } from "./proofs.ts";

const crypto = auditCrypto();
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const nodes = (proof: readonly string[] | null): Uint8Array[] => (proof ?? []).map(bytes);

test("verifyConsistency and verifyInclusion agree with the vectors", () => {
  let checked = 0;
  for (const [name, each] of Object.entries(merkle.cases)) {
    checked += 1;
    const proof = nodes(each.proof);
    const valid =
      "size1" in each
        ? verifyConsistency(
            crypto,
            { size: each.size1, root: bytes(each.root1) },
            { size: each.size2, root: bytes(each.root2) },
            proof,
          )
        : verifyInclusion(
            crypto,
            { index: each.leafIdx, hash: bytes(each.leafHash) },
            { size: each.treeSize, root: bytes(each.root) },
            proof,
          );
    expect(`${name} ${valid}`).toBe(`${name} ${!each.wantErr}`);
  }
  expect(checked).toBeGreaterThan(100);
});

test("verify gives the strict verdict on every class of ed25519-speccheck", () => {
  const verdicts = speccheck.cases.map(({ pub_key, message, signature }) =>
    crypto.verify(Uint8Array.fromHex(pub_key), Uint8Array.fromHex(message), Uint8Array.fromHex(signature)),
  );
  // 0–1 small order A; 2 small order R, 3 mixed orders: both hold without cofactor; 4–5 hold only with one;
  // 6–7 S not below L; 8–9 R not canonical; 10–11 A not canonical
  expect(verdicts).toEqual([false, false, true, true, ...Array.from({ length: 8 }, () => false)]);
});

test("verify agrees with wycheproof", () => {
  for (const { id, key, msg, sig, valid } of wycheproof.cases) {
    const verdict = crypto.verify(Uint8Array.fromHex(key), Uint8Array.fromHex(msg), Uint8Array.fromHex(sig));
    expect(`${id} ${verdict}`).toBe(`${id} ${valid}`);
  }
  expect(wycheproof.cases.length).toBe(151);
});
