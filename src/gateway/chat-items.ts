/**
 * A conversation as the pages show it, from its rows alone: what streams while a turn runs and what a reload shows are
 * made by this one fold, so they cannot differ. Pure.
 */
import type { Row } from "#contracts/audit-event.ts";
import { partsOfSession } from "#contracts/ids.ts";
import type { ApprovalPrompt, PromptClosed } from "#contracts/message.ts";
import type { ChatItem, ToolCard } from "#contracts/page-api.ts";
import { runSentence } from "#policy/outcome.ts";
import { numberField, textField } from "#session/fields.ts";
import { closedFrom, type Names, promptFrom } from "./approval-rows.ts";
import { turnError } from "./error-parts.ts";
import { advanceCard, beginCard, runEndOf, type Verbs, verbsOf } from "./tool-cards.ts";

/** Folds rows to items; `take` returns the item that a row made or changed. */
export class ChatFold {
  readonly #names: Names;
  readonly #items = new Map<string, ChatItem>();
  readonly #verbs = new Map<string, Verbs>();
  /** The approval of a call, by the call. */
  readonly #asked = new Map<string, string>();
  #lastError: Row | undefined;
  /** What had arrived of an answer that broke. */
  #brokenText = "";

  constructor(names: Names) {
    this.#names = names;
  }

  /** All items in the order of their first rows. */
  items(): readonly ChatItem[] {
    return [...this.#items.values()];
  }

  /** Takes the session's next row. */
  take(row: Row): readonly ChatItem[] {
    const changed: ChatItem[] = [];
    const put = (key: string, item: ChatItem): void => {
      this.#items.set(key, item);
      changed.push(item);
    };
    const message = messageItem(row, this.#names);
    if (message !== undefined) put(`row ${row.id}`, message);
    this.#takeCall(row, put);
    this.#takeApproval(row, put);
    if (row.kind === "llm_error") this.#lastError = row;
    if (row.kind === "assistant_message" && textField(row.payload, "broken_by") !== "")
      this.#brokenText = textField(row.content, "text");
    if (row.kind === "turn_ended") {
      const item = turnEndItem(row, this.#lastError, this.#brokenText);
      this.#lastError = undefined;
      this.#brokenText = "";
      if (item !== undefined) put(`row ${row.id}`, item);
    }
    return changed;
  }

  #takeCall(row: Row, put: (key: string, item: ChatItem) => void): void {
    const begun = beginCard(row);
    const call = textField(row.payload, "call");
    if (begun !== undefined) this.#verbs.set(call, verbsOf(row));
    const known = this.#items.get(`call ${call}`);
    const verbs = this.#verbs.get(call);
    const card: ToolCard | undefined =
      begun ??
      (known?.type === "tool" && verbs !== undefined ? advanceCard(known.card, row, verbs) : undefined);
    if (card !== undefined) put(`call ${call}`, { type: "tool", card });
    if (row.kind === "tool_result") this.#tellEnd(row, call, put);
  }

  /** What was approved says how it ended: "Approved by you, here, 14:02:11. Ran 0.3 s, exit 0. #418". */
  #tellEnd(row: Row, call: string, put: (key: string, item: ChatItem) => void): void {
    const key = this.#asked.get(call);
    const asked = key === undefined ? undefined : this.#items.get(key);
    if (key === undefined || asked?.type !== "approval" || asked.closed?.verdict !== "approved") return;
    const outcome = `${asked.closed.outcome} ${runSentence(runEndOf(row))}`;
    put(key, { ...asked, closed: { ...asked.closed, outcome } });
  }

  #takeApproval(row: Row, put: (key: string, item: ChatItem) => void): void {
    const id = textField(row.payload, "approval");
    if (id === "") return;
    const key = `approval ${id}`;
    const prompt: ApprovalPrompt | undefined = promptFrom(row);
    if (prompt !== undefined) {
      this.#asked.set(textField(row.payload, "call"), key);
      put(key, { type: "approval", prompt, closed: null });
    }
    const known = this.#items.get(key);
    if (known?.type !== "approval" || row.kind !== "decision") return;
    const [surface = ""] = partsOfSession(row.session)?.instance.split(":") ?? [];
    const closed: PromptClosed = closedFrom(known.prompt, row, { names: this.#names, surface });
    put(key, { type: "approval", prompt: known.prompt, closed });
  }
}

/** All items of a session. */
export function chatItems(rows: readonly Row[], names: Names): readonly ChatItem[] {
  const fold = new ChatFold(names);
  for (const row of rows) fold.take(row);
  return fold.items();
}

const ERASED = "(this text was erased)";

function messageItem(row: Row, names: Names): ChatItem | undefined {
  const { tsMs } = row;
  const text = row.content === undefined ? ERASED : textField(row.content, "text");
  if (row.kind === "user_message") {
    return { type: "user", tsMs, row: row.id, text, author: names.person(textField(row.payload, "asker")) };
  }
  if (row.kind === "assistant_message" && text !== "") {
    return { type: "assistant", tsMs, row: row.id, text, turn: textField(row.payload, "turn") };
  }
  if (row.kind === "outbound" && textField(row.payload, "purpose") === "notice") {
    return { type: "notice", tsMs, row: row.id, text };
  }
  return undefined;
}

function turnEndItem(row: Row, error: Row | undefined, brokenText: string): ChatItem | undefined {
  const outcome = textField(row.payload, "outcome");
  const { tsMs, id } = row;
  if (outcome === "stopped")
    return { type: "notice", tsMs, row: id, text: "Stopped. What was done until then stands in the record." };
  if (outcome === "expired") {
    return {
      type: "notice",
      tsMs,
      row: id,
      text: "Nobody answered in time. Nothing ran.",
    };
  }
  if (outcome === "round_limit") {
    const rounds = numberField(row.payload, "rounds", 20);
    return { type: "notice", tsMs, row: id, text: `Stopped after ${rounds} rounds of tools in one turn.` };
  }
  if (outcome !== "failed") return undefined;
  return { type: "error", tsMs, row: id, error: turnError(row, error, brokenText) };
}
