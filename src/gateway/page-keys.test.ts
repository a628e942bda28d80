import { beforeEach, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { PageRequest } from "#contracts/page-api.ts";
import type { Row } from "#contracts/audit-event.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { PageKeys, signedBytes } from "./page-keys.ts";
import { PageLogin } from "./page-login.ts";

interface Page {
  readonly id: string;
  readonly key: KeyObject;
  readonly raw: string;
  readonly algorithm: "Ed25519" | "ES256";
}

function page(algorithm: Page["algorithm"]): Omit<Page, "id"> {
  const pair =
    algorithm === "Ed25519"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = pair.publicKey.export({ format: "der", type: "spki" });
  return {
    key: pair.privateKey,
    raw: der.subarray(algorithm === "Ed25519" ? -32 : -65).toString("base64"),
    algorithm,
  };
}

function request(from: Page, timeMs: number, counter: number, more: Partial<PageRequest> = {}): PageRequest {
  const plain = { httpMethod: "POST" as const, path: "/api/state", body: "{}" };
  const bytes = signedBytes({ ...plain, auth: { timeMs, counter } });
  const signature =
    from.algorithm === "Ed25519"
      ? sign(null, bytes, from.key)
      : sign("sha256", bytes, { key: from.key, dsaEncoding: "ieee-p1363" });
  return {
    ...plain,
    auth: { keyId: from.id, timeMs, counter, signature: signature.toString("base64") },
    ...more,
  };
}

let clock: ManualClock;
let keys: PageKeys;
let chat: Page;
beforeEach(() => {
  clock = manualClock();
  keys = new PageKeys(clock);
  chat = registered("chat", "webchat", "Ed25519");
});

function registered(name: "chat" | "console", peer: string, algorithm: Page["algorithm"]): Page {
  const made = page(algorithm);
  const id = keys.register(name, peer, { algorithm, publicKey: made.raw });
  if (!id.ok) throw new Error(id.error.message);
  return { ...made, id: id.value };
}

/** The row of a login, as a gateway that was started again reads it. */
function loginRow(from: Page, kind: Row["kind"] = "login"): Row {
  const payload = { page: "chat", peer: "webchat", algorithm: from.algorithm, public_key: from.raw };
  return {
    id: 1,
    seq: 0,
    session: GATEWAY_LANE,
    kind,
    trust: "user",
    tsMs: 0,
    hash: "",
    payload,
    content: undefined,
  };
}

test("PageKeys takes the keys of a gateway that died, not of one that stopped, and no request of before", () => {
  const before = request(chat, clock.now(), 1);
  void clock.advance(1_000);
  const again = new PageKeys(clock);
  again.restore([loginRow(chat)]);
  expect(reasonOf(again.check("webchat", before))).toBe("stale");
  expect(reasonOf(again.check("webchat", request(chat, clock.now(), 2)))).toBe("ok");
  expect(reasonOf(again.check("console", request(chat, clock.now(), 3)))).toBe("unknown_key");
  const stopped = new PageKeys(clock);
  stopped.restore([loginRow(chat), loginRow(chat, "stopped")]);
  expect(reasonOf(stopped.check("webchat", request(chat, clock.now(), 4)))).toBe("unknown_key");
});

const reasonOf = (result: ReturnType<PageKeys["check"]>): string | undefined =>
  result.ok ? "ok" : result.error.reason;

test.each(["Ed25519", "ES256"] as const)("PageKeys accepts a request signed with %s once", (algorithm) => {
  const own = registered("console", "console", algorithm);
  const signed = request(own, clock.now(), 1);
  expect(keys.check("console", signed)).toEqual({ ok: true, value: "console" });
  expect(reasonOf(keys.check("console", signed))).toBe("replayed");
});

test("PageKeys refuses every change of a signed request and consumes nothing by it", () => {
  const signed = request(chat, clock.now(), 1);
  const attacks: readonly PageRequest[] = [
    { ...signed, body: '{"a":1}' },
    { ...signed, path: "/api/verify" },
    { ...signed, httpMethod: "GET" },
    { ...signed, auth: { ...signed.auth, counter: 2 } },
    { ...signed, auth: { ...signed.auth, timeMs: signed.auth.timeMs + 1 } },
    { ...signed, auth: { ...signed.auth, signature: "" } },
    { ...signed, auth: { ...signed.auth, signature: Buffer.alloc(64).toString("base64") } },
  ];
  expect(attacks.map((attack) => reasonOf(keys.check("webchat", attack)))).toEqual(
    attacks.map(() => "signature"),
  );
  expect(reasonOf(keys.check("webchat", signed))).toBe("ok");
});

test("PageKeys refuses a key over another page's connection", () => {
  expect(reasonOf(keys.check("console", request(chat, clock.now(), 1)))).toBe("unknown_key");
  const other = registered("console", "console", "Ed25519");
  expect(reasonOf(keys.check("webchat", request(other, clock.now(), 1)))).toBe("unknown_key");
});

test("PageKeys refuses a time that is more than a minute off, either way", () => {
  const times = [-60_001, -60_000, 60_000, 60_001];
  const seen = times.map((off, index) =>
    reasonOf(keys.check("webchat", request(chat, clock.now() + off, index + 1))),
  );
  expect(seen).toEqual(["stale", "ok", "ok", "stale"]);
});

test("PageKeys takes parallel requests out of order within its window and none twice", () => {
  const check = (counter: number): string | undefined =>
    reasonOf(keys.check("webchat", request(chat, clock.now(), counter)));
  expect([100, 98, 99, 37, 36, 98, 100].map(check)).toEqual([
    "ok",
    "ok",
    "ok",
    "ok",
    "replayed",
    "replayed",
    "replayed",
  ]);
});

test.each([
  ["too short", "Ed25519", Buffer.alloc(31)],
  ["too long", "Ed25519", Buffer.alloc(33)],
  ["compressed", "ES256", Buffer.concat([Buffer.from([2]), Buffer.alloc(32, 1)])],
  ["off the curve", "ES256", Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)])],
] as const)("PageKeys refuses a key that is %s", (_, algorithm, raw) => {
  expect(keys.register("chat", "webchat", { algorithm, publicKey: raw.toString("base64") }).ok).toBe(false);
});

test("PageLogin tokens are good once, for their page, for ten minutes", () => {
  const login = new PageLogin(clock, fixedRandom(7));
  const { token } = login.mint("chat");
  expect(login.redeem("console", token).ok).toBe(false);
  expect(login.redeem("chat", `${token}x`).ok).toBe(false);
  expect(login.redeem("chat", token).ok).toBe(true);
  expect(login.redeem("chat", token).ok).toBe(false);
});

test("PageLogin refuses a token that is too old", async () => {
  const login = new PageLogin(clock, fixedRandom(7));
  const { token, expiresMs } = login.mint("console");
  await clock.advance(expiresMs - clock.now());
  expect(login.redeem("console", token).ok).toBe(false);
});
