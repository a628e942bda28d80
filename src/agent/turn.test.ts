import { expect, test } from "bun:test";
import type { ModelMessage, ToolSpec } from "#contracts/conversation.ts";
import { fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { systemClock } from "#runtime/clock.ts";
import { type ModelEvent, llmError } from "./models/model.ts";
import { HELP } from "./models/rehearsal-script.ts";
import { rehearsalModel } from "./models/rehearsal.ts";
import { type MemoryPorts, memoryPorts, scriptedModel } from "./ports.case.ts";
import { type TurnInput, type TurnOutcome, runTurn, toolTable } from "./turn.ts";

const TOOLS: readonly ToolSpec[] = [
  "list_files",
  "read_file",
  "exec",
  "write_file",
  "edit_file",
  "fetch_page",
].map((name) => ({ name, description: name, parameters: { type: "object" } }));
const user = (text: string): ModelMessage => ({ role: "user", seq: 1, text });
const turnInput = (text: string, signal = new AbortController().signal): TurnInput => ({
  system: "system",
  history: [user(text)],
  tools: toolTable(TOOLS),
  signal,
});
const text = (value: string): ModelEvent => ({ type: "text", text: value });
const call = (name: string, args = "{}", providerId = "x"): ModelEvent => ({
  type: "call",
  providerId,
  name,
  args,
});
const done = (stop: "end" | "tool_calls" | "length" = "end"): ModelEvent => ({
  type: "done",
  stop,
  usage: { inputTokens: 1, outputTokens: 1 },
});
const deltas = (ports: MemoryPorts): string =>
  ports.events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");

async function run(
  rounds: readonly (readonly ModelEvent[])[],
): Promise<{ ports: MemoryPorts; outcome: TurnOutcome }> {
  const ports = memoryPorts(scriptedModel(rounds));
  return { ports, outcome: await runTurn(ports, turnInput("hello")) };
}

test("runTurn answers: request before, response and words after", async () => {
  const { ports, outcome } = await run([[text("Good "), text("day"), done()]]);
  expect(outcome).toEqual({ kind: "answered", seq: 103, text: "Good day", stop: "end" });
  expect(ports.entries).toEqual(["request", "response end", 'assistant "Good day" 0']);
  expect(deltas(ports)).toBe("Good day");
});

test("runTurn runs three rounds of tools, each call before the next request", async () => {
  const { ports, outcome } = await run([
    [call("read_file"), call("exec"), done("tool_calls")],
    [text("so"), call("exec"), done("tool_calls")],
    [call("exec"), done("tool_calls")],
    [text("all done"), done()],
  ]);
  expect(outcome.kind).toBe("answered");
  expect(ports.entries.filter((entry) => /^(request|act)/.test(entry)).join()).toBe(
    "request,act read_file,act exec,request,act exec,request,act exec,request",
  );
  const pieces = ports.requests.at(-1)?.pieces.map((piece) => `${piece.kind} ${piece.role}`);
  expect(pieces?.slice(0, 7).join()).toBe(
    "blob system,row user,row assistant,row call,row call,row tool,row tool",
  );
});

test("runTurn keeps the words of a broken answer and never runs its calls", async () => {
  const broken: readonly (readonly [ModelEvent[], string])[] = [
    [
      [text("half"), call("exec"), { type: "error", error: llmError("server", "x", { status: 500 }) }],
      "server",
    ],
    [[text("half"), call("exec")], "cut_stream"],
    [[text("half"), text("x".repeat(LIMITS.model_response_bytes_max))], "too_large"],
    [[text("half"), call("exec", "x".repeat(LIMITS.model_response_bytes_max)), done()], "too_large"],
    [
      [text("half"), ...Array.from({ length: LIMITS.model_calls_max + 1 }, () => call("exec")), done()],
      "too_large",
    ],
  ];
  for (const [events, errorClass] of broken) {
    const { ports, outcome } = await run([events]);
    if (outcome.kind !== "failed") throw new Error(`${errorClass}: ${outcome.kind}`);
    expect([outcome.error.class, outcome.text]).toEqual([errorClass, "half"]);
    expect(ports.entries).toEqual(["request", `error ${errorClass}`, 'assistant "half" 0']);
  }
});

test("runTurn refuses calls beyond the bound visibly and goes on", async () => {
  const many = Array.from({ length: 1_000 }, () => call("exec", "{}", "same"));
  const { ports, outcome } = await run([
    [...many, done("tool_calls")],
    [text("ok"), done()],
  ]);
  expect(outcome.kind).toBe("answered");
  expect(ports.entries.filter((entry) => entry === "act exec")).toHaveLength(
    LIMITS.model_calls_per_round_max,
  );
  const refused = ports.entries.filter((entry) => entry === "refuse exec too_many_calls");
  expect(refused).toHaveLength(1_000 - LIMITS.model_calls_per_round_max);
  expect(ports.events).toContainEqual({ type: "calls_refused", count: refused.length });
});

test("runTurn gives calls with the same provider id, junk names and deep JSON ids of their own", async () => {
  const deep = `${"[".repeat(100_000)}`;
  const seen: string[] = [];
  const model = scriptedModel([
    [call("exec", deep, "same"), call("\ud800", "not json", "same"), done("tool_calls")],
    [text("ok"), done()],
  ]);
  const ports = memoryPorts(model, (handed, seq) => {
    seen.push(`${handed.id} ${handed.name} ${handed.args.length}`);
    return { kind: "result", seq, text: "unknown" };
  });
  expect((await runTurn(ports, turnInput("x"))).kind).toBe("answered");
  expect(new Set(seen.map((line) => line.split(" ")[0])).size).toBe(2);
  expect(seen[0]).toEndWith("exec 100000");
  expect(seen[1]).toContain("\ufffd");
});

test("runTurn ends at the round limit", async () => {
  const { ports, outcome } = await run(Array.from({ length: 30 }, () => [call("exec"), done("tool_calls")]));
  expect(outcome).toEqual({ kind: "round_limit", rounds: LIMITS.tool_rounds_max });
  expect(ports.requests).toHaveLength(LIMITS.tool_rounds_max);
});

test("runTurn stops: nothing more is sent or run, every call has its result", async () => {
  const stop = new AbortController();
  const model = scriptedModel([[call("exec"), call("read_file"), done("tool_calls")]]);
  const ports = memoryPorts(model, (_, seq) => {
    stop.abort();
    return { kind: "result", seq, text: "ran" };
  });
  expect((await runTurn(ports, turnInput("x", stop.signal))).kind).toBe("stopped");
  expect(ports.entries.slice(-2)).toEqual(["act exec", "refuse read_file stopped"]);
  const before = memoryPorts(scriptedModel([[text("x"), done()]]));
  expect((await runTurn(before, turnInput("x", stop.signal))).kind).toBe("stopped");
  expect(before.entries).toEqual([]);
});

test("runTurn stopped in the middle of an answer keeps its words and closes the request", async () => {
  const stop = new AbortController();
  const ports = memoryPorts(scriptedModel([[text("half"), text("never shown"), done()]]));
  const emit: MemoryPorts["emit"] = (event) => {
    if (event.type === "text_delta") stop.abort();
  };
  const outcome = await runTurn({ ...ports, emit }, turnInput("x", stop.signal));
  expect(outcome).toEqual({ kind: "stopped", text: "half" });
  expect(ports.entries).toEqual(["request", "response cancelled", 'assistant "half" 0']);
});

test("runTurn ends when an approval expires, and says what it needed", async () => {
  const model = scriptedModel([[call("exec"), call("exec"), done("tool_calls")]]);
  const ports = memoryPorts(model, (_, seq) => ({ kind: "expired", seq, text: "", needed: "Run uname -a" }));
  expect(await runTurn(ports, turnInput("x"))).toEqual({ kind: "expired", needed: "Run uname -a" });
  expect(ports.entries.slice(-2)).toEqual(["act exec", "refuse exec expired"]);
});

test("runTurn sends nothing when the request is refused, or too long by itself", async () => {
  const model = scriptedModel([[text("x"), done()]]);
  const base = memoryPorts(model);
  const refused = fail("refused", "this provider may not see personal data");
  const ports = { ...base, journal: { ...base.journal, request: async () => refused } };
  expect((await runTurn(ports, turnInput("x"))).kind).toBe("refused");
  expect(base.entries).toEqual([]);
  const long = memoryPorts(scriptedModel([[done()]], { contextTokens: 2_000 }));
  const outcome = await runTurn(long, turnInput("word ".repeat(5_000)));
  expect(outcome.kind === "failed" && outcome.error.class).toBe("context_too_long");
  expect(long.entries).toEqual([]);
});

test("runTurn joins surrogate halves from two pieces and replaces lone ones", async () => {
  const { ports, outcome } = await run([[text("a\ud83c"), text("\udf89b\udc00"), text("\ud800"), done()]]);
  expect(outcome.kind === "answered" && outcome.text).toBe("a🎉b\ufffd\ufffd");
  expect(deltas(ports)).toBe("a🎉b\ufffd\ufffd");
});

const SENTENCES: readonly [string, string, object][] = [
  ["list files", "list_files", { path: "." }],
  ["read notes.md", "read_file", { path: "notes.md" }],
  ["run: uname -a", "exec", { command: "uname -a" }],
  ["fetch https://example.com", "fetch_page", { url: "https://example.com" }],
  ["write hello world to a.txt", "write_file", { path: "a.txt", content: "hello world\n" }],
  ["edit a.txt: hello -> bye", "edit_file", { path: "a.txt", old_text: "hello", new_text: "bye" }],
];
test.each(SENTENCES)("rehearsalModel turns %p into a call of %s", async (said, tool, args) => {
  const seen: [string, unknown][] = [];
  const ports = memoryPorts(rehearsalModel(systemClock), (handed, seq) => {
    seen.push([handed.name, JSON.parse(handed.args)]);
    return { kind: "result", seq, text: "the result" };
  });
  const outcome = await runTurn(ports, turnInput(said));
  expect(seen).toEqual([[tool, args]]);
  expect(outcome.kind === "answered" && outcome.text).toContain("the result");
});

test("rehearsalModel helps with plain talk, says that it is a script, and streams in pieces", async () => {
  const ports = memoryPorts(rehearsalModel(systemClock));
  const outcome = await runTurn(ports, turnInput("how are you?"));
  expect(outcome.kind === "answered" && outcome.text).toBe(HELP);
  expect(HELP).toStartWith("I am the rehearsal script, not a model.");
  expect(ports.events.length).toBeGreaterThan(5);
});

test("rehearsalModel says in a sentence that a call was refused", async () => {
  const ports = memoryPorts(rehearsalModel(systemClock), (_, seq) => ({
    kind: "result",
    seq,
    text: "A person refused this call. It did not run. Do not ask for it again in this turn.",
  }));
  const outcome = await runTurn(ports, turnInput("run: uname -a"));
  expect(outcome.kind === "answered" && outcome.text).toBe(
    "That did not happen. A person refused this call. It did not run.",
  );
});
