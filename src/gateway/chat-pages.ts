/** The chat page's answers: from the log, and from its own instance's conversations alone. */
import type { Row } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { InstanceId } from "#contracts/ids.ts";
import type {
  ChatItem,
  ConversationSummary,
  PageState,
  RecordLine,
  VerifySummary,
} from "#contracts/page-api.ts";
import { ok, type Result } from "#contracts/result.ts";
import { visibleLine } from "#contracts/visible.ts";
import { objectField, textField } from "#session/fields.ts";
import type { KnownConversation } from "#session/identity.ts";
import { chatItems } from "./chat-items.ts";
import type { Parts } from "./compose.ts";
import { oneLine, recordLine } from "#session/record-line.ts";
import type { StatusDesk } from "./status.ts";

const TITLE_CHARS_MAX = 80;

export class ChatPages {
  readonly #parts: Parts;
  readonly #status: StatusDesk;

  constructor(parts: Parts, status: StatusDesk) {
    this.#parts = parts;
    this.#status = status;
  }

  state(): Promise<Result<PageState, Fault>> {
    return this.#status.pageState().then(ok);
  }

  verify(): Promise<Result<VerifySummary, Fault>> {
    return this.#status.verify();
  }

  async conversations(instance: InstanceId): Promise<Result<readonly ConversationSummary[], Fault>> {
    const { identity, approvals } = this.#parts;
    const waiting = new Set(approvals.pending().map((pending) => pending.session));
    const summaries = identity.conversationsOf(instance).flatMap((known) => {
      const rows = this.#rows(known);
      const last = rows.at(-1);
      const first = rows.find((row) => row.kind === "user_message");
      if (last === undefined || first === undefined) return [];
      return [
        {
          conversation: known.platformConversation,
          channel: instance.split(":")[0] ?? instance,
          title: visibleLine(
            oneLine(textField(first.content, "text")).slice(0, TITLE_CHARS_MAX).toWellFormed(),
          ),
          updatedMs: last.tsMs,
          waiting: waiting.has(known.session),
        },
      ];
    });
    return ok(summaries.sort((a, b) => b.updatedMs - a.updatedMs));
  }

  async history(instance: InstanceId, conversation: string): Promise<Result<readonly ChatItem[], Fault>> {
    const known = this.#find(instance, conversation);
    return ok(known === undefined ? [] : chatItems(this.#rows(known), this.#parts.people));
  }

  async record(instance: InstanceId, conversation: string): Promise<Result<readonly RecordLine[], Fault>> {
    const known = this.#find(instance, conversation);
    return ok(known === undefined ? [] : this.#rows(known).map((row) => recordLine(row, this.#parts.people)));
  }

  /** Brings back what a file was before a call of this conversation wrote it. */
  async undo(
    instance: InstanceId,
    conversation: string,
    call: string,
  ): Promise<Result<{ readonly done: boolean; readonly detail: string }, Fault>> {
    const known = this.#find(instance, conversation);
    return known === undefined
      ? fail("not_found", "there is no such conversation")
      : undoCall(this.#parts, known, call);
  }

  /** By the platform's id and only among the instance's own conversations: nothing else can be named. */
  #find(instance: InstanceId, conversation: string): KnownConversation | undefined {
    return this.#parts.identity
      .conversationsOf(instance)
      .findLast((known) => known.platformConversation === conversation);
  }

  #rows(known: KnownConversation): readonly Row[] {
    return this.#parts.world.journal.readSession(known.session);
  }
}

/** Undoes the write of a call: the intent stands in the log before the file changes. */
export async function undoCall(
  parts: Parts,
  known: KnownConversation,
  call: string,
): Promise<Result<{ readonly done: boolean; readonly detail: string }, Fault>> {
  const { journal } = parts.world;
  const rows = journal.readSession(known.session);
  const result = rows.findLast(
    (row) => row.kind === "tool_result" && textField(row.payload, "call") === call,
  );
  const undo = objectField(result?.content, "undo");
  if (undo === undefined) return fail("not_found", "this call cannot be undone");
  const tools = parts.toolboxes.of(known.agent);
  if (!tools.ok) return tools;
  const base = { session: known.session, trust: "user" } as const;
  await journal.append([{ ...base, kind: "intent", payload: { undo_of: call } }]);
  const changes = textField(undo, "changes");
  const done =
    changes === ""
      ? tools.value.undo({
          path: textField(undo, "path"),
          before: textField(undo, "before"),
          after: textField(undo, "after"),
        })
      : await tools.value.undoBoxed(changes);
  const outcome = done.ok ? "done" : "failed";
  await journal.append([{ ...base, kind: "tool_result", payload: { undo_of: call, outcome } }]);
  const what = changes === "" ? "The file is" : "What the call changed is";
  const detail = done.ok ? `${what} as it was before.` : done.error.message;
  return ok({ done: done.ok, detail });
}
