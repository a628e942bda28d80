/**
 * What a shown request carries for the adapter itself: its text, where it stands, and what a reaction may
 * mean.
 */
import { isJsonObject, textMember } from "#contracts/json.ts";
import type { ApprovalPrompt } from "#contracts/message.ts";
import type { Piece } from "#kit/adapter.ts";
import { promptAnswers } from "#kit/approval-prompt.ts";

export interface Memo extends Piece {
  /** What answers may say, as on a button. */
  readonly values: readonly string[];
  /** Where the request stands; empty where that is not known. */
  readonly conversation: string;
  readonly thread: string;
}

/** Writes the memo of a request. */
export function memoOf({ conversation, thread, ...prompt }: ApprovalPrompt, { text, plain }: Piece): string {
  const values = promptAnswers({ conversation, thread, ...prompt }).map(({ value }) => value);
  return JSON.stringify({ text, plain, values, conversation, thread });
}

/** A memo of another version gives a bare line and no answers, never a failure. */
export function readMemo(memo: string): Memo {
  const bare = {
    text: "Approval request",
    plain: "Approval request",
    values: [],
    conversation: "",
    thread: "",
  };
  try {
    const value: unknown = JSON.parse(memo);
    if (!isJsonObject(value) || typeof value["plain"] !== "string") return bare;
    const { plain, values } = value;
    return {
      text: textMember(value, "text"),
      plain,
      values: Array.isArray(values) ? values.filter((item) => typeof item === "string") : [],
      conversation: textMember(value, "conversation"),
      thread: textMember(value, "thread"),
    };
  } catch {
    return bare;
  }
}
