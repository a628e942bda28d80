/** Tokens that prove nothing, and the one that does. */
import { expect, test } from "bun:test";
import { manualClock } from "#runtime/clock.ts";
import { bearerIn, tokenJudge } from "./signed-token.ts";

const KEYS_URL = "https://keys.example/set";
const RULES = { keysUrl: KEYS_URL, issuers: ["issuer@example"], audience: "1234" };
const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const pair = await crypto.subtle.generateKey(
  { ...ALGORITHM, modulusLength: 2_048, publicExponent: Uint8Array.of(1, 0, 1) },
  true,
  ["sign", "verify"],
);
const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
const encoded = (value: object): string =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true });

async function sign(claims: object, header: object = { alg: "RS256", kid: "k1" }): Promise<string> {
  const text = `${encoded(header)}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign(ALGORITHM, pair.privateKey, new TextEncoder().encode(text));
  return `${text}.${new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

function world() {
  const clock = manualClock();
  const now = Math.floor(clock.now() / 1_000);
  const claims = { iss: "issuer@example", aud: "1234", iat: now, exp: now + 3_600 };
  let asked = 0;
  const keys = { set: [{ ...jwk, kid: "k1" }] };
  const fetch = async (): Promise<Response> => {
    asked += 1;
    await Promise.resolve();
    return Response.json({ keys: keys.set });
  };
  return { clock, claims, keys, judge: tokenJudge(RULES, { fetch, clock }), asked: () => asked };
}

test("tokenJudge believes a token that is signed, for us and due, and no other", async () => {
  const { clock, claims, judge } = world();
  const good = await sign(claims);
  expect(await judge.claimsOf(good)).toMatchObject({ aud: "1234" });
  expect(await judge.claimsOf(await sign({ ...claims, aud: ["x", "1234"] }))).toBeDefined();
  const [head = "", body = "", signature = ""] = good.split(".");
  const hmac = `${encoded({ alg: "HS256", kid: "k1" })}.${body}`;
  const bad = [
    "",
    "x",
    `${head}.${body}.`,
    `${head}.${encoded({ ...claims, more: 1 })}.${signature}`,
    `${encoded({ alg: "none" })}.${body}.`,
    `${encoded({ alg: "none", kid: "k1" })}.${body}.${signature}`,
    `${hmac}.${new Uint8Array(new Bun.CryptoHasher("sha256", JSON.stringify(jwk)).update(hmac).digest()).toBase64({ alphabet: "base64url", omitPadding: true })}`,
    await sign({ ...claims, aud: "12345" }),
    await sign({ ...claims, aud: undefined }),
    await sign({ ...claims, iss: "issuer@example.evil" }),
    await sign({ ...claims, exp: claims.iat - 301 }),
    await sign({ ...claims, exp: "9999999999" }),
    await sign({ ...claims, nbf: claims.iat + 301 }),
    await sign({ ...claims, iat: claims.iat + 301 }),
    await sign(claims, { alg: "RS256", kid: "k2" }),
    await sign(claims, { alg: "RS256", kid: "__proto__" }),
    `${good}.${signature}`,
    `${good}${"A".repeat(9_000)}`,
  ];
  for (const token of bad)
    expect([token.slice(0, 80), await judge.claimsOf(token)]).toEqual([token.slice(0, 80), undefined]);
  await clock.advance(4_000_000);
  expect(await judge.claimsOf(good)).toBeUndefined();
});

test("tokenJudge asks for keys seldom, whatever strangers send, and knows new ones", async () => {
  const { clock, claims, judge, keys, asked } = world();
  const unknown = await sign(claims, { alg: "RS256", kid: "k2" });
  await Promise.all(Array.from({ length: 50 }, () => judge.claimsOf(unknown)));
  expect(asked()).toBe(1);
  for (let n = 0; n < 50; n++)
    await judge.claimsOf(await sign({ ...claims, iss: "other" }, { alg: "RS256", kid: `x${n}` }));
  expect(asked()).toBe(1);
  keys.set = [{ ...jwk, kid: "k2" }];
  await clock.advance(60_001);
  expect(await judge.claimsOf(unknown)).toBeDefined();
  expect(asked()).toBe(2);
  expect(await judge.claimsOf(await sign(claims))).toBeUndefined(); // k1 was withdrawn
});

test("bearerIn reads a token of its shape alone", () => {
  const read = (authorization: string): string => bearerIn(new Headers({ authorization }));
  expect(read("Bearer a.b.c")).toBe("a.b.c");
  for (const text of [
    "",
    "a.b.c",
    "Basic a.b.c",
    "Bearer a.b",
    "Bearer a.b.c.d",
    "Bearer  a.b.c",
    "Bearer a.b.c, x",
  ]) {
    expect(read(text)).toBe("");
  }
});
