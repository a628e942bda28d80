/**
 * A secret in every scope, and the whole program searched for it: in no file, row, page, model request, output, argv or
 * environment, in no form; and in memory, where this test may read it, in no role but its owner.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mayReadMemory, readMemory } from "./memory.ts";
import { type Needle, found, needlesOf } from "./needles.ts";
import { type Evidence, PLACED, Scenario } from "./scenario.ts";
import { PASSPHRASE, PROVIDER_KEY, SAID_WORD, placedCanaries, vaultCanaries } from "./secrets.ts";

setDefaultTimeout(90_000);

const ROLES = ["keeper", "gateway", "signer", "console", "webchat", "telegram"] as const;
type Role = (typeof ROLES)[number];

/** Who may hold what. The keeper reads each from the vault, hands it over, and keeps none. */
const OWNERS: Readonly<Record<string, readonly Role[]>> = {
  "provider key": ["gateway"],
  "telegram token": ["telegram"],
  passphrase: [],
  file: [],
  "seed sign/log": ["signer"],
  "seed sign/agent:default": ["signer"],
  "seed channel/telegram/peer-seed": ["telegram"],
  "seed channel/webchat/peer-seed": ["webchat"],
};

let scenario: Scenario;
let needles: readonly Needle[];
let redactions: readonly (readonly unknown[])[];
/** What each role's memory held while all ran: canary → number of pieces. */
const held = new Map<Role, Map<string, number>>();

beforeAll(async () => {
  scenario = await Scenario.open();
  await scenario.play();
  needles = [...placedCanaries(), ...(await vaultCanaries(scenario.lab.home.data))];
  if (mayReadMemory()) for (const role of ROLES) held.set(role, await memoryOf(role));
  redactions = (await scenario.rows("secret_redacted")).map(({ payload }) => [
    payload["secret"],
    payload["source"],
    payload["count"],
  ]);
  scenario.collect();
  await scenario.rewriteConfiguration();
  await scenario.lab.stop();
  scenario.collect();
});
afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
});

async function memoryOf(role: Role): Promise<Map<string, number>> {
  const pieces = new Map<string, number>();
  readMemory(await scenario.lab.pidOf(role), (piece) => {
    const names = new Set(needles.filter(({ bytes }) => piece.includes(bytes)).map(({ name }) => name));
    for (const name of names) pieces.set(name, (pieces.get(name) ?? 0) + 1);
  });
  return pieces;
}

describe("a canary", () => {
  test("stands in nothing that left the program or lies on the disk", () => {
    const breaches = scenario.evidence.flatMap((evidence) =>
      found(needles, evidence.bytes)
        .filter((what) => !isPlaced(evidence, what))
        .map((what) => `${evidence.place}: ${what}`),
    );
    expect([...new Set(breaches)]).toEqual([]);
  });

  test("stands in no frame between roles, where what was said is seen in each of them that carries it", () => {
    const said = needlesOf("said", new TextEncoder().encode(SAID_WORD));
    const frames = scenario.evidence.filter(({ place }) => place.startsWith("frames on gateway.sock"));
    // Signer, console, WebChat and Telegram, both ways, each in whole.
    expect(new Set(frames.map(({ place }) => place)).size).toBeGreaterThanOrEqual(8);
    const carriers = frames.filter(({ bytes }) => found(said, bytes).length > 0).map(({ place }) => place);
    expect(carriers.some((place) => place.includes(", peer"))).toBe(true);
    expect(carriers.some((place) => place.includes(", program"))).toBe(true);
    expect(frames.flatMap(({ bytes }) => found(needles, bytes))).toEqual([]);
  });

  test("that the provider quotes in words, in a call, or that a file quotes, is taken out and on record", () => {
    expect(redactions).toEqual([
      ["provider:openai", "model", 2],
      ["provider:openai", "model", 1],
      ["provider:openai", "tool", 1],
      ["provider:openai", "tool", 1],
    ]);
    const bodies = scenario.lab.model.seen.map(({ body }) => body).join("\n");
    expect(bodies).toContain("It is [secret] or QmVhcmVy");
    expect(bodies).toContain("echo [secret] >>");
    expect(bodies).toContain("the key is [secret]");
  });

  test("was looked for in every place that counts", () => {
    const places = scenario.evidence.map(({ place }) => place).join("\n");
    for (const place of [
      "audit/audit.db",
      "vault/vault.db",
      "config.json",
      "environ of run",
      "cmdline of gateway",
      "environ of adapter telegram",
      "console /api/timeline",
      "chat /api/state",
    ]) {
      expect(places).toContain(place);
    }
  });

  test("of the provider goes to its own origin in the Authorization header alone", () => {
    const { lab, other } = scenario;
    const answers = lab.model.seen.filter(({ path }) => path.endsWith("/chat/completions"));
    expect(answers.length).toBeGreaterThan(6);
    for (const { headers } of answers) expect(headers["authorization"]).toBe(`Bearer ${PROVIDER_KEY}`);
    for (const { headers } of other.seen) expect(headers["authorization"]).toBeUndefined();
    // Whoever asked is told, with what to do.
    const told = lab.api.sent.map(({ text }) => text).filter((text) => text.includes("was not stored for"));
    // Once for an endpoint from `setup`, once for one that was written into the file.
    expect(told).toHaveLength(2);
    for (const text of told) expect(text).toContain(new URL(other.url).origin);
  });

  test.skipIf(!mayReadMemory())("stands in no memory but its owner's (root alone may look)", () => {
    const names = [...new Set(needles.map(({ name }) => name))];
    const table = names.map((name) =>
      [name, ...ROLES.map((role) => held.get(role)?.get(name) ?? 0)].join(" | "),
    );
    console.log(["canary", ...ROLES].join(" | "), `\n${table.join("\n")}`);
    const strays = names.flatMap((name) =>
      ROLES.filter((role) => held.get(role)?.has(name) === true && OWNERS[name]?.includes(role) !== true).map(
        (role) => `${name} in ${role}`,
      ),
    );
    expect(strays).toEqual([]);
    // The search finds what is there: each owner uses its secret.
    expect(held.get("gateway")?.has("provider key")).toBe(true);
    expect(held.get("telegram")?.has("telegram token")).toBe(true);
    expect(held.get("signer")?.has("seed sign/log")).toBe(true);
  });
});

test("found sees a secret in every form, wherever it stands", () => {
  const mine = needlesOf("x", new TextEncoder().encode(PASSPHRASE));
  const bytes = Buffer.from(PASSPHRASE);
  for (const before of ["", "a", "ab", "abc"]) {
    const hay = Buffer.concat([Buffer.from(before), bytes, Buffer.from("z")]);
    for (const text of [
      hay,
      Buffer.from(hay.toString("base64")),
      Buffer.from(hay.toString("base64url")),
      Buffer.from(hay.toString("hex")),
      Buffer.from(encodeURIComponent(before) + percentOf(PASSPHRASE)),
      Buffer.from(hay.toString("latin1"), "utf16le"),
      Buffer.from(hay).reverse(),
    ]) {
      expect(found(mine, text).length).toBeGreaterThan(0);
    }
  }
  expect(found(mine, "nothing of it")).toEqual([]);
});

/** The file that it was put into, or a copy of that whole file which the agent's own folder keeps for undo. */
function isPlaced({ place, bytes }: Evidence, what: string): boolean {
  return PLACED.some(
    ({ file, canary, text }) =>
      what.startsWith(`${canary},`) &&
      (place.endsWith(`/workspace/${file}`) ||
        (place.includes("/agents/default/kept/") && Buffer.from(bytes).toString() === text)),
  );
}

function percentOf(text: string): string {
  return encodeURIComponent(text).replaceAll("!", "%21");
}
