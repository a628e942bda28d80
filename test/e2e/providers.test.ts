/**
 * Models end to end in the executable: three wire formats of a third party's mock, byte by byte from a server of ours,
 * every class of error, keys that go to their own address only, and the way over a proxy.
 */
import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Home, type Ran, type Running, freshHome, startWirken, wirken } from "../support/binary.ts";
import { FAR_NAME, FarServer } from "../support/far-server.ts";
import { BROKEN, GREETING, type Mood, type ProviderFake, providerFake } from "../support/provider-fake.ts";

setDefaultTimeout(30_000);

const PASSPHRASE = { WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" };
const KEY = "sk-test-4711";

/** Base URL of an endpoint as each provider wants it. */
const BASES = { openai: "/v1", anthropic: "", ollama: "" } as const;
type Provider = keyof typeof BASES;
const PROVIDERS = ["openai", "anthropic", "ollama"] as const;

async function setup(
  home: Home,
  provider: Provider,
  origin: string,
  model: string,
  key: string,
): Promise<Ran> {
  const words = ["setup", "--non-interactive", "--provider", provider, "--model", model];
  const where = ["--base-url", `${origin}${BASES[provider]}`];
  if (provider === "ollama") return await wirken(home, [...words, ...where]);
  return await wirken(home, [...words, ...where, "--key-stdin"], { stdin: `${key}\n` });
}

const ask = (home: Home, text: string): Promise<Ran> => wirken(home, ["ask", "-m", text]);

describe("a running program", () => {
  const home = freshHome(PASSPHRASE);
  const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 3 });
  let running: Running;
  let fake: ProviderFake;

  beforeAll(async () => {
    fake = providerFake();
    mock.on({ userMessage: "hello" }, { content: "Hello from the mock." });
    const note = JSON.stringify({ path: "notes.md", content: "pears" });
    const rounds = [
      { name: "list_files", arguments: JSON.stringify({ path: "." }) },
      { name: "write_file", arguments: note },
      { name: "read_file", arguments: JSON.stringify({ path: "notes.md" }) },
    ];
    for (const [turnIndex, call] of rounds.entries())
      mock.on({ userMessage: "three rounds", turnIndex }, { toolCalls: [call] });
    mock.on({ userMessage: "three rounds", turnIndex: 3 }, { content: "The note says pears." });
    await mock.start();
    running = await startWirken(home);
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await mock.stop();
    fake[Symbol.dispose]();
    home[Symbol.dispose]();
  });

  test.each(PROVIDERS)("%s: takes the choice, streams, and walks three rounds of tools", async (provider) => {
    rmSync(join(home.data, "agents/default/workspace/notes.md"), { force: true });
    const origin = new URL(mock.baseUrl).origin;
    const chosen = await setup(home, provider, origin, "gpt-4o", KEY);
    expect(chosen.stderr).toContain("answers and has the model");
    expect(chosen.code).toBe(0);
    if (provider !== "ollama") expect(chosen.stderr).toContain("restarted: gateway");
    const hello = await ask(home, "hello");
    expect([hello.code, hello.stdout]).toEqual([0, "Hello from the mock.\n"]);
    const worked = await ask(home, "do three rounds");
    expect([worked.code, worked.stdout]).toEqual([0, "The note says pears.\n"]);
    expect(worked.stderr.match(/\[done\] .*/g)).toEqual([
      "[done] Listed the workspace",
      "[done] Wrote notes.md",
      "[done] Read notes.md",
    ]);
    expect(readFileSync(join(home.data, "agents/default/workspace/notes.md"), "utf8")).toBe("pears");
  });

  test.each(PROVIDERS)("%s: an answer is whole though each byte comes alone", async (provider) => {
    await setup(home, provider, fake.origin, "m", KEY);
    fake.mood = "well";
    const answer = await ask(home, "hi");
    expect([answer.code, answer.stdout]).toEqual([0, `${GREETING}\n`]);
  });

  test.each(PROVIDERS)("%s: a cut stream is an error, and its words are kept", async (provider) => {
    await setup(home, provider, fake.origin, "m", KEY);
    fake.mood = "cut";
    const answer = await ask(home, "hi");
    expect(answer.code).toBe(1);
    expect(answer.stdout).toBe(`${BROKEN}\n`);
    expect(answer.stderr).toContain("The model stopped answering after 5 words. They are kept. Try again.");
  });

  const refusal = (status: number, message: string, more: object = {}): Mood => ({
    status,
    body: { error: { message, ...more } },
  });
  const ERRORS: readonly (readonly [string, Mood, RegExp])[] = [
    [
      "a wrong key",
      refusal(401, `Incorrect API key provided: ${KEY}`, { code: "invalid_api_key" }),
      /^Key refused by openai on this computer \(401\)\. Nothing was sent elsewhere\. .*\n {2}try: wirken credentials rotate openai\n/,
    ],
    [
      "too many requests",
      { status: 429, body: { error: { message: "slow" } }, headers: { "retry-after": "3600" } },
      /takes no more requests.*It asks to wait 60 minutes/,
    ],
    [
      "a context that is too long",
      refusal(400, "This model's maximum context length is 8192 tokens.", {
        code: "context_length_exceeded",
      }),
      /^The conversation is longer than the model can read\..*\/new/,
    ],
    [
      "an unknown model",
      refusal(404, "no such model"),
      /does not have this model.*\n {2}try: wirken setup\n/,
    ],
    ["a request that it does not take", refusal(400, "tools?"), /did not understand the request/],
    ["a web page", "web_page", /answered in a form that is not its own/],
    ["an answer without words or end", "silent", /stopped before it had said anything/],
    [
      "a redirect",
      { status: 307, body: {}, headers: { location: "http://127.0.0.1:9/v1/chat/completions" } },
      /answered in a form that is not its own/,
    ],
  ];

  test("each error is said in three parts, without the key, and nothing is repeated", async () => {
    await setup(home, "openai", fake.origin, "m", KEY);
    for (const [name, mood, sentence] of ERRORS) {
      fake.mood = mood;
      fake.seen.length = 0;
      const answer = await ask(home, "hi");
      expect([name, answer.code, answer.stdout]).toEqual([name, 1, ""]);
      expect(answer.stderr).toMatch(sentence);
      expect(answer.stderr).toContain("Your message and everything before the error are kept.");
      expect(answer.stderr).not.toContain(KEY);
      expect([name, fake.seen.length]).toEqual([name, 1]);
    }
  });

  test("429 with Retry-After is waited for, and 500 is tried again, before the first word", async () => {
    await setup(home, "openai", fake.origin, "m", KEY);
    for (const [status, headers, waitMs] of [
      [429, { "retry-after": "1" }, 1_000],
      [500, {}, 500],
    ] as const) {
      fake.mood = { status, body: { error: { message: "later" } }, headers, times: 1 };
      // A fresh fake counts from nothing: the refusal is sent once.
      using again = providerFake();
      again.mood = fake.mood;
      await setup(home, "openai", again.origin, "m", KEY);
      const begun = performance.now();
      const answer = await ask(home, "hi");
      expect([answer.code, answer.stdout]).toEqual([0, `${GREETING}\n`]);
      expect(performance.now() - begun).toBeGreaterThan(waitMs);
      expect(again.seen.filter(({ method }) => method === "POST").length).toBe(2);
    }
  });

  test("a key that is rotated is the one that is sent, a removed one is sent no more", async () => {
    fake.mood = "well";
    await setup(home, "openai", fake.origin, "m", KEY);
    const rotated = await wirken(home, ["credentials", "rotate", "openai", "--stdin"], { stdin: "sk-new\n" });
    expect(rotated.stderr).toBe("restarted: gateway\n");
    fake.seen.length = 0;
    await ask(home, "hi");
    expect(fake.seen.map(({ authorization }) => authorization)).toEqual(["Bearer sk-new"]);
    const listed = await wirken(home, ["credentials", "list"]);
    expect(listed.stdout).toContain(fake.origin);
    expect(listed.stdout).not.toContain("sk-new");
    expect((await wirken(home, ["credentials", "remove", "openai"])).stderr).toBe("restarted: gateway\n");
    await ask(home, "hi");
    expect(fake.seen.map(({ authorization }) => authorization)).toEqual(["Bearer sk-new", ""]);
    expect(fake.seen.every(({ whole }) => whole.split("sk-new").length <= 2)).toBe(true);
    const added = await wirken(home, ["credentials", "add", "openai", "--stdin"], { stdin: "sk-third\n" });
    expect(added.code).toBe(0);
    await ask(home, "hi");
    expect(fake.seen.at(-1)?.authorization).toBe("Bearer sk-third"); // bound to the configured address
  });

  test("a model that is not there, a key that is refused and an endpoint that is away change nothing", async () => {
    const before = readFileSync(join(home.data, "config.json"), "utf8");
    expect((await setup(home, "openai", fake.origin, "other", KEY)).stderr).toContain("it has: m");
    expect((await setup(home, "openai", "http://127.0.0.1:9", "m", KEY)).stderr).toContain("does not answer");
    expect((await setup(home, "openai", "http://api.example.com", "m", KEY)).code).toBe(64);
    expect(readFileSync(join(home.data, "config.json"), "utf8")).toBe(before);
  });

  test("the rehearsal script is one command away", async () => {
    const back = await wirken(home, ["setup", "--non-interactive", "--provider", "rehearsal"]);
    expect(back.stdout).toContain("the rehearsal script (not a model)");
    const answer = await ask(home, "hello");
    expect(answer.stdout).toMatch(/script/);
    const state = JSON.parse((await wirken(home, ["status", "--json"])).stdout);
    expect(state.provider).toBe("rehearsal");
  });
});

test("a key is never sent to an address that it was not stored for, whatever config.json says", async () => {
  using home = freshHome(PASSPHRASE);
  using right = providerFake();
  using wrong = providerFake();
  expect((await setup(home, "openai", right.origin, "m", KEY)).stderr).toContain("holds from its next start");
  const path = join(home.data, "config.json");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(right.origin, wrong.origin));
  await using running = await startWirken(home);
  const answer = await ask(home, "hi");
  expect(answer.code).toBe(77);
  expect(answer.stderr).toContain(`the key of openai was not stored for ${wrong.origin}`);
  expect(answer.stderr).toContain(`try: wirken credentials rotate openai --origin ${wrong.origin}`);
  expect(wrong.seen).toEqual([]);
  expect(running.stderr()).not.toContain(KEY);
  // Naming the address with the value again is what binds it.
  const words = ["credentials", "rotate", "openai", "--stdin", "--origin", wrong.origin];
  expect((await wirken(home, words, { stdin: "sk-other\n" })).code).toBe(0);
  expect((await ask(home, "hi")).stdout).toBe(`${GREETING}\n`);
  expect(wrong.seen.map(({ authorization }) => authorization)).toEqual(["Bearer sk-other"]);
});

test("the first secret of a program without a vault: what is missing is said, then what to do", async () => {
  using home = freshHome();
  using fake = providerFake();
  await using running = await startWirken(home);
  const without = await setup(home, "openai", fake.origin, "m", KEY);
  expect(without.code).not.toBe(0);
  expect(without.stderr).toContain("a vault needs a keychain or a passphrase");
  expect(without.stderr).toContain("WIRKEN_VAULT_PASSPHRASE");
  expect((await wirken(home, ["status", "--json"])).stdout).toContain('"provider": "rehearsal"');
  const words = ["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--key-stdin"];
  const made = await wirken(home, [...words, "--base-url", `${fake.origin}/v1`], {
    stdin: `${KEY}\n`,
    env: PASSPHRASE,
  });
  expect(made.code).toBe(0);
  expect(made.stderr).toContain("made a vault; its key is kept wrapped under your passphrase");
  expect(made.stderr).toContain("stop it and start `wirken run` again");
  // The program goes on without it, and sends nothing with a key that it does not have.
  const answer = await ask(home, "hi");
  expect([answer.code, answer.stdout]).toEqual([0, `${GREETING}\n`]);
  expect(fake.seen.filter(({ method }) => method === "POST").map((one) => one.authorization)).toEqual([""]);
  expect(running.stderr()).not.toContain(KEY);
});

test("requests go over the configured proxy to a server of a configured authority, loopback does not", async () => {
  using home = freshHome(PASSPHRASE);
  using far = new FarServer(home.folder);
  const choice = ["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--key-stdin"];
  const network = { proxy: far.proxyUrl, ca_file: far.authorityFile };
  mkdirSync(home.data, { mode: 0o700 });
  writeFileSync(join(home.data, "config.json"), JSON.stringify({ network }), { mode: 0o600 });
  const chosen = await wirken(home, [...choice, "--base-url", `https://${FAR_NAME}/v1`], {
    stdin: `${KEY}\n`,
  });
  expect(chosen.stderr).toContain(`${FAR_NAME} answers and has the model`);
  await using running = await startWirken(home);
  expect((await ask(home, "hi")).stdout).toBe("From afar.\n");
  expect(running.stderr()).not.toContain(KEY);
  expect(new Set(far.asked)).toEqual(new Set([`${FAR_NAME}:443`]));
  expect(far.keys).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
  // Without the authority nothing is believed, and no key leaves.
  writeFileSync(
    join(home.data, "config.json"),
    readFileSync(join(home.data, "config.json"), "utf8").replace(/,\s*"ca_file": "[^"]*"/, ""),
  );
  const distrusted = await wirken(home, [...choice, "--base-url", `https://${FAR_NAME}/v1`], {
    stdin: `${KEY}\n`,
  });
  expect(distrusted.stderr).toContain("does not answer");
  expect(far.keys.length).toBe(2);
  // Loopback is not the proxy's business.
  using near = providerFake();
  expect((await setup(home, "openai", near.origin, "m", KEY)).stderr).toContain("answers and has the model");
  expect(far.asked.every((target) => target === `${FAR_NAME}:443`)).toBe(true);
});
