/**
 * One turn: model call, tool calls, results, again, until the model answers or a bound is reached
 * (docs/ARCHITECTURE.md, steps 8 to 12). Every request is announced before it leaves and has
 * exactly one end in the record; every proposed call goes to the guard, one after another, and has its
 * result before the next request.
 */
import type { ModelCall, ModelMessage, StopReason, ToolSpec } from "#contracts/conversation.ts";
import type { Fault } from "#contracts/fault.ts";
import { canonicalJson } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Collected, collect } from "./collect.ts";
import { fitContext } from "./context.ts";
import { type LlmError, llmError } from "./models/model.ts";
import type { CallResult, TurnPorts } from "./ports.ts";

/** The tools of a turn, written out once: every request sends them, and the record hashes them as `text`. */
export interface ToolTable {
  readonly specs: readonly ToolSpec[];
  readonly text: string;
}

export interface TurnInput {
  readonly system: string;
  /** Oldest first; the newest user message is the last. */
  readonly history: readonly ModelMessage[];
  readonly tools: ToolTable;
  /** Stops the turn: a person's `/stop`, or the end of the program. */
  readonly signal: AbortSignal;
}

export type TurnOutcome =
  | { readonly kind: "answered"; readonly seq: number; readonly text: string; readonly stop: StopReason }
  | { readonly kind: "stopped"; readonly text: string }
  /** The model failed. `text` is what had arrived of the answer; it is kept in the record. */
  | {
      readonly kind: "failed";
      readonly error: LlmError;
      readonly text: string;
      readonly provider: string;
      /** The model's place in words: a host, or "this computer". */
      readonly where: string;
    }
  /** The request was not allowed to leave. */
  | { readonly kind: "refused"; readonly fault: Fault }
  | { readonly kind: "expired"; readonly needed: string }
  | { readonly kind: "round_limit"; readonly rounds: number };

type RoundOutcome =
  | { readonly kind: "goes_on"; readonly messages: readonly ModelMessage[] }
  | { readonly kind: "ended"; readonly outcome: TurnOutcome };

/** Runs a turn to its end. Rejects only when a port rejects: then nothing further happens. */
export async function runTurn(ports: TurnPorts, input: TurnInput): Promise<TurnOutcome> {
  let history = input.history;
  for (let round = 1; round <= LIMITS.tool_rounds_max; round++) {
    if (input.signal.aborted) return { kind: "stopped", text: "" };
    ports.emit({ type: "round", round });
    const result = await runRound(ports, { ...input, history });
    if (result.kind === "ended") return result.outcome;
    history = [...history, ...result.messages];
  }
  return { kind: "round_limit", rounds: LIMITS.tool_rounds_max };
}

async function runRound(ports: TurnPorts, input: TurnInput): Promise<RoundOutcome> {
  const asked = await ask(ports, input);
  if (asked.kind === "ended") return asked;
  const { answer } = asked;
  const calls = answer.calls.map((call): ModelCall => ({ id: ports.newCallId(), ...call }));
  const seq = await ports.journal.assistant({ text: answer.text, calls, stop: answer.stop, brokenBy: "" });
  if (calls.length === 0) {
    return ended({ kind: "answered", seq, text: answer.text, stop: answer.stop });
  }
  const acted = await runCalls(ports, calls, input.signal);
  if (acted.expired !== undefined) return ended({ kind: "expired", needed: acted.expired });
  if (input.signal.aborted) return ended({ kind: "stopped", text: answer.text });
  return {
    kind: "goes_on",
    messages: [{ role: "assistant", seq, text: answer.text, calls }, ...toolMessages(calls, acted.results)],
  };
}

/** Announces, sends and collects one request; writes its end. */
async function ask(
  ports: TurnPorts,
  { system, history, tools, signal }: TurnInput,
): Promise<
  { readonly kind: "answer"; readonly answer: Collected } | Extract<RoundOutcome, { kind: "ended" }>
> {
  const { model, journal } = ports;
  const { provider, where } = model;
  const fixed = model.estimateTokens(system) + model.estimateTokens(tools.text);
  const tokens = model.contextTokens - model.answerTokens - fixed;
  const context = fitContext(history, { tokens, estimate: (text) => model.estimateTokens(text) });
  if (!context.fits) {
    const error = llmError("context_too_long", "the last messages alone are longer than the model's context");
    return ended({ kind: "failed", error: { ...error, attempts: 0 }, text: "", provider, where });
  }
  const prepared = model.prepare({ system, messages: context.messages, tools: tools.specs });
  const requested = await journal.request({
    provider,
    where,
    model: model.model,
    pieces: [{ kind: "blob", role: "system", text: system }, ...context.pieces],
    toolTable: tools.text,
    body: prepared.body,
    mapper: prepared.mapper,
  });
  if (!requested.ok) return ended({ kind: "refused", fault: requested.error });
  const requestSeq = requested.value;
  const answer = await collect(model.stream(prepared, signal), ports.emit, signal);
  if (answer.error === undefined && answer.stop !== "cancelled") {
    await journal.response({ requestSeq, stop: answer.stop, usage: answer.usage });
    return { kind: "answer", answer };
  }
  if (answer.error !== undefined) await journal.error(requestSeq, answer.error);
  else await journal.response({ requestSeq, stop: "cancelled", usage: answer.usage });
  if (answer.text !== "") {
    // The words that arrived are kept; calls of a broken answer are not: they may not be whole.
    const brokenBy = answer.error?.class ?? "cancelled";
    await journal.assistant({ text: answer.text, calls: [], stop: answer.stop, brokenBy });
  }
  if (answer.error === undefined) return ended({ kind: "stopped", text: answer.text });
  return ended({ kind: "failed", error: answer.error, text: answer.text, provider, where });
}

/** Hands the calls of a round to the guard in order. Every call gets a result, also those that do not run. */
async function runCalls(
  ports: TurnPorts,
  calls: readonly ModelCall[],
  signal: AbortSignal,
): Promise<{ readonly results: readonly CallResult[]; readonly expired: string | undefined }> {
  const acted = calls.slice(0, LIMITS.model_calls_per_round_max);
  const results: CallResult[] = [];
  let expired: string | undefined;
  for (const call of acted) {
    if (signal.aborted) break;
    const result = await ports.guard.act(call, signal);
    results.push(result);
    if (result.kind === "expired") {
      expired = result.needed;
      break;
    }
  }
  const unrun = acted.slice(results.length);
  if (unrun.length > 0) {
    results.push(...(await ports.guard.refuse(unrun, expired === undefined ? "stopped" : "expired")));
  }
  const surplus = calls.slice(acted.length);
  if (surplus.length > 0) {
    ports.emit({ type: "calls_refused", count: surplus.length });
    results.push(...(await ports.guard.refuse(surplus, "too_many_calls")));
  }
  return { results, expired };
}

function toolMessages(calls: readonly ModelCall[], results: readonly CallResult[]): readonly ModelMessage[] {
  return calls.flatMap((call, i): readonly ModelMessage[] => {
    const result = results[i];
    if (result === undefined) throw new Error("the guard left a call without a result");
    return [{ role: "tool", seq: result.seq, call: call.id, name: call.name, text: result.text }];
  });
}

/**
 * Writes the tools out in the form that the record hashes (docs/formats/audit.md, `llm_request`). Schemas of MCP
 * servers may hold numbers with fractions.
 */
export function toolTable(specs: readonly ToolSpec[]): ToolTable {
  const told = specs.map(({ name, description, parameters }) => ({ name, description, parameters }));
  return { specs, text: canonicalJson(told) };
}

function ended(outcome: TurnOutcome): Extract<RoundOutcome, { kind: "ended" }> {
  return { kind: "ended", outcome };
}
