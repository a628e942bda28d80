/**
 * The providers against a third-party mock of their wire formats (@copilotkit/aimock), through whole turns.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import type { ModelChoice, ProviderName } from "#contracts/config.ts";
import { SecretString } from "#contracts/secret.ts";
import { systemClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { memoryPorts } from "../ports.case.ts";
import { type TurnOutcome, runTurn, toolTable } from "../turn.ts";
import { buildModel } from "./catalog.ts";

const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 3 });
const TOOLS = [
  { name: "exec", description: "Runs a command", parameters: { type: "object", properties: {} } },
];
const PROVIDERS: readonly [ProviderName, string][] = [
  ["openai", "/v1"],
  ["ollama", ""],
  ["anthropic", ""],
];

beforeAll(async () => {
  mock.onMessage("hello", { content: "Grüße 🎉, how are you?" });
  mock.onMessage("cut", { content: "this answer never comes to its end" }, { truncateAfterChunks: 2 });
  const call = (id: string, command: string) => ({
    toolCalls: [{ id, name: "exec", arguments: JSON.stringify({ command }) }],
  });
  // Counts the rounds by the results that stand in the request: three rounds, then words.
  mock.on({ userMessage: "rounds", turnIndex: 0 }, call("call_1", "one"));
  mock.on({ userMessage: "rounds", turnIndex: 1 }, call("call_2", "two"));
  mock.on({ userMessage: "rounds", turnIndex: 2 }, call("call_3", "three"));
  mock.on({ userMessage: "rounds", turnIndex: 3 }, { content: "all three ran" });
  await mock.start();
});
afterAll(() => mock.stop());

async function turn(provider: ProviderName, path: string, text: string) {
  const base_url = `${mock.url}${path}`;
  const choice: ModelChoice = { provider, model: "test-model", base_url };
  const secret = SecretString.take(new TextEncoder().encode("mock"));
  const key = { secret, allowedOrigins: [new URL(base_url).origin] };
  const built = buildModel(choice, {
    fetch,
    clock: systemClock,
    random: fixedRandom(6),
    key,
    redact: String,
  });
  if (!built.ok) throw new Error(built.error.message);
  const commands: string[] = [];
  const ports = memoryPorts(built.value, (call, seq) => {
    commands.push(JSON.parse(call.args).command);
    return { kind: "result", seq, text: `ran ${call.args}` };
  });
  const history = [{ role: "user", seq: 1, text } as const];
  const signal = new AbortController().signal;
  const outcome: TurnOutcome = await runTurn(ports, {
    system: "s",
    history,
    tools: toolTable(TOOLS),
    signal,
  });
  return { ports, outcome, commands };
}

test.each(PROVIDERS)("%s streams an answer of the mock", async (provider, path) => {
  const { ports, outcome } = await turn(provider, path, "hello");
  expect(outcome).toMatchObject({ kind: "answered", text: "Grüße 🎉, how are you?", stop: "end" });
  expect(ports.events.filter(({ type }) => type === "text_delta").length).toBeGreaterThan(3);
});

test.each(PROVIDERS)("%s walks three rounds of tools with the mock", async (provider, path) => {
  const { outcome, commands, ports } = await turn(provider, path, "rounds");
  expect(outcome).toMatchObject({ kind: "answered", text: "all three ran" });
  expect(commands).toEqual(["one", "two", "three"]);
  expect(ports.requests).toHaveLength(4);
});

test.each(PROVIDERS)(
  "%s keeps the words of an answer that the mock cuts, as an error",
  async (provider, path) => {
    const { outcome, ports } = await turn(provider, path, "cut");
    if (outcome.kind !== "failed") throw new Error(`the turn ended as ${outcome.kind}`);
    expect(outcome.error.class).toBe("cut_stream");
    expect("this answer never comes to its end").toStartWith(outcome.text);
    expect(ports.entries.slice(0, 2)).toEqual(["request", "error cut_stream"]);
  },
);

test.each(PROVIDERS)("%s classes a refusal of the mock", async (provider, path) => {
  mock.nextRequestError(400, { message: "no such field", type: "invalid_request_error" });
  const { outcome } = await turn(provider, path, "hello");
  expect(outcome).toMatchObject({ kind: "failed", error: { class: "bad_request", status: 400 } });
});
