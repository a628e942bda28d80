/** Access tokens of a service account: asked for seldom, proven by the account's key, and never by a damaged one. */
import { expect, test } from "bun:test";
import { generateKeyPairSync, verify } from "node:crypto";
import { SecretString } from "#contracts/secret.ts";
import { manualClock } from "#runtime/clock.ts";
import { type NoToken, isServiceAccount, serviceAccountName, serviceTokens } from "./service-token.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const FILE = {
  type: "service_account",
  private_key_id: "k1",
  private_key: own.privateKey.export({ type: "pkcs8", format: "pem" }),
  client_email: "bot@lab.iam.gserviceaccount.com",
};
const secretOf = (value: unknown): SecretString =>
  SecretString.take(new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)));

function world(answer: () => Response) {
  const clock = manualClock();
  const asked: Record<string, string>[] = [];
  const fetch = (_url: string, init: BunFetchRequestInit): Promise<Response> => {
    asked.push(JSON.parse(String(init.body)));
    return Promise.resolve(answer());
  };
  const rules = {
    account: secretOf(FILE),
    scope: "s",
    url: "https://tokens.example",
    audience: "https://aud.example",
  };
  return { clock, asked, tokens: serviceTokens(rules, { fetch, clock }) };
}

const given = (): Response => Response.json({ access_token: "ya29.token", expires_in: 3_600 });

test("serviceTokens asks once for all who wait, and again before the token ends or when it was refused", async () => {
  const { clock, asked, tokens } = world(given);
  const all = await Promise.all(Array.from({ length: 20 }, () => tokens.take()));
  expect(all.every((one) => one.ok && one.value.use((text) => text) === "ya29.token")).toBe(true);
  expect(asked.length).toBe(1);
  await clock.advance(54 * 60_000);
  await tokens.take();
  expect(asked.length).toBe(1);
  await clock.advance(2 * 60_000);
  await tokens.take();
  expect(asked.length).toBe(2);
  tokens.drop();
  await tokens.take();
  expect(asked.length).toBe(3);
});

test("serviceTokens proves itself by the account's key, for one scope and audience", async () => {
  const { clock, asked, tokens } = world(given);
  await tokens.take();
  const [head = "", body = "", signature = ""] = (asked[0]?.["assertion"] ?? "").split(".");
  const bytes = (text: string): Uint8Array => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  const text = new TextEncoder().encode(`${head}.${body}`);
  expect(verify("sha256", text, own.publicKey, bytes(signature))).toBe(true);
  const nowS = Math.floor(clock.now() / 1_000);
  const claims: unknown = JSON.parse(new TextDecoder().decode(bytes(body)));
  const iss = FILE.client_email;
  expect(claims).toEqual({ iss, scope: "s", aud: "https://aud.example", iat: nowS, exp: nowS + 3_600 });
});

test("serviceTokens tells a refused key from a server that cannot, and keeps neither", async () => {
  const answers: readonly (readonly [() => Response, NoToken])[] = [
    [() => Response.json({ error: "invalid_grant" }, { status: 400 }), "refused"],
    [() => Response.json({}, { status: 200 }), "refused"],
    [() => Response.json({ access_token: "a b\r\nx: y", expires_in: 1 }), "refused"],
    [() => new Response("", { status: 503 }), "busy"],
    [() => new Response("", { status: 429 }), "busy"],
  ];
  for (const [answer, word] of answers) {
    const { asked, tokens } = world(answer);
    expect(await tokens.take()).toEqual({ ok: false, error: word });
    await tokens.take();
    expect(asked.length).toBe(2);
  }
});

test("isServiceAccount knows a key file from what is none", () => {
  expect(isServiceAccount(secretOf(FILE))).toBe(true);
  expect(serviceAccountName(secretOf(FILE))).toBe("bot");
  for (const other of [
    "",
    "{",
    "[]",
    "null",
    {},
    { ...FILE, type: "authorized_user" },
    { ...FILE, client_email: "bot@evil.example" },
    { ...FILE, client_email: "a@b\n.iam.gserviceaccount.com" },
    { ...FILE, private_key: "x" },
    { ...FILE, private_key: 1 },
  ]) {
    expect([JSON.stringify(other).slice(0, 60), isServiceAccount(secretOf(other))]).toEqual([
      JSON.stringify(other).slice(0, 60),
      false,
    ]);
  }
});
