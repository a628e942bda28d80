/**
 * History → messages within the model's budget, with the pieces that the `llm_request` row names. Order of
 * cutting: tool results before the last three user turns, then whole old turns, then tool results inside
 * the last three turns, oldest first. Words of people and of the model in the last three turns are never
 * cut. A tool result never stands without its call, and a call never without a result: providers refuse
 * both.
 */
import type { ModelMessage } from "#contracts/conversation.ts";
import type { CallId } from "#contracts/ids.ts";
import { utf8Head, utf8Length, utf8Tail } from "#contracts/visible.ts";
import type { RequestPiece } from "./ports.ts";

const TURNS_KEPT = 3;
const RESULT_HEAD_BYTES = 1_024;
const RESULT_TAIL_BYTES = 512;
/** One constant text, so that the record holds it once. */
export const CUT_MARK = "\n[the middle of this output was left out to save room]\n";
export const LOST_RESULT = "[the outcome of this call is not known]";
/** Framing that every provider puts around a message. */
const MESSAGE_TOKENS = 8;

export interface ContextBudget {
  /** Tokens left for the messages: the window without answer, system prompt and tool table. */
  readonly tokens: number;
  readonly estimate: (text: string) => number;
}

export interface FittedContext {
  readonly messages: readonly ModelMessage[];
  readonly pieces: readonly RequestPiece[];
  /** False when even the least that is always kept is too long. */
  readonly fits: boolean;
  readonly droppedMessages: number;
}

interface Entry {
  message: ModelMessage;
  pieces: readonly RequestPiece[];
  tokens: number;
}

/** Fits `history` (oldest first, the newest user message last) into the budget. */
export function fitContext(history: readonly ModelMessage[], budget: ContextBudget): FittedContext {
  const entries = paired(history).map((entry) => weighed(entry, budget));
  let total = entries.reduce((sum, { tokens }) => sum + tokens, 0);
  const keptFrom = startOfKept(entries);
  const cutResults = (from: number, to: number): void => {
    for (const entry of entries.slice(from, to)) {
      if (total <= budget.tokens) return;
      const before = entry.tokens;
      cutResult(entry, budget);
      total -= before - entry.tokens;
    }
  };
  cutResults(0, keptFrom);
  let first = 0;
  while (total > budget.tokens && first < keptFrom) {
    const end = endOfTurn(entries, first);
    total -= entries.slice(first, end).reduce((sum, { tokens }) => sum + tokens, 0);
    first = end;
  }
  cutResults(keptFrom, entries.length);
  const kept = entries.slice(first);
  return {
    messages: kept.map(({ message }) => message),
    pieces: kept.flatMap(({ pieces }) => pieces),
    fits: total <= budget.tokens,
    droppedMessages: first,
  };
}

/** Drops results without a call and gives each call exactly one result, right after its message. */
function paired(history: readonly ModelMessage[]): readonly Omit<Entry, "tokens">[] {
  const results = new Map<CallId, ModelMessage & { readonly role: "tool" }>();
  for (const message of history) {
    if (message.role === "tool" && !results.has(message.call)) results.set(message.call, message);
  }
  const entries: Omit<Entry, "tokens">[] = [];
  for (const message of history) {
    if (message.role === "tool") continue;
    entries.push({ message, pieces: piecesOf(message) });
    if (message.role !== "assistant") continue;
    for (const call of message.calls) {
      const result = results.get(call.id);
      results.delete(call.id);
      if (result !== undefined) entries.push({ message: result, pieces: piecesOf(result) });
      else {
        const lost = {
          role: "tool",
          seq: message.seq,
          call: call.id,
          name: call.name,
          text: LOST_RESULT,
        } as const;
        entries.push({ message: lost, pieces: [{ kind: "blob", role: "tool", text: LOST_RESULT }] });
      }
    }
  }
  return entries;
}

function piecesOf(message: ModelMessage): readonly RequestPiece[] {
  const { role, seq, text } = message;
  switch (role) {
    case "user":
      return [{ kind: "row", role, seq, name: "", text }];
    case "tool":
      return [{ kind: "row", role, seq, name: message.name, text }];
    case "assistant":
      return [
        { kind: "row", role, seq, name: "", text },
        ...message.calls.map(
          ({ id, args }) => ({ kind: "row", role: "call", seq, name: id, text: args }) as const,
        ),
      ];
  }
}

function weighed(entry: Omit<Entry, "tokens">, budget: ContextBudget): Entry {
  const calls = entry.message.role === "assistant" ? entry.message.calls : [];
  const parts = [entry.message.text, ...calls.flatMap(({ name, args }) => [name, args])];
  const tokens = parts.reduce(
    (sum, part) => sum + budget.estimate(part),
    MESSAGE_TOKENS * (1 + calls.length),
  );
  return { ...entry, tokens };
}

function cutResult(entry: Entry, budget: ContextBudget): void {
  const { message } = entry;
  if (message.role !== "tool" || message.text === LOST_RESULT) return;
  const bytes = utf8Length(message.text);
  if (bytes <= RESULT_HEAD_BYTES + RESULT_TAIL_BYTES + utf8Length(CUT_MARK)) return;
  const head = utf8Head(message.text, RESULT_HEAD_BYTES);
  const tail = utf8Tail(message.text, RESULT_TAIL_BYTES);
  const { seq, name } = message;
  const pieces: readonly RequestPiece[] = [
    { kind: "row", role: "tool", seq, name, cut: [0, utf8Length(head)], text: head },
    { kind: "blob", role: "tool", text: CUT_MARK },
    { kind: "row", role: "tool", seq, name, cut: [bytes - utf8Length(tail), bytes], text: tail },
  ];
  const cut = weighed({ message: { ...message, text: head + CUT_MARK + tail }, pieces }, budget);
  entry.message = cut.message;
  entry.pieces = cut.pieces;
  entry.tokens = cut.tokens;
}

/** Index of the first entry of the last three user turns. */
function startOfKept(entries: readonly Entry[]): number {
  let turns = 0;
  for (let i = entries.length - 1; i >= 0; i--) {
    if (entries[i]?.message.role === "user" && ++turns === TURNS_KEPT) return i;
  }
  return 0;
}

function endOfTurn(entries: readonly Entry[], start: number): number {
  let end = start + 1;
  while (end < entries.length && entries[end]?.message.role !== "user") end++;
  return end;
}
