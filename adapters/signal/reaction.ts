/** A thumb on an approval request is an answer to it; any other reaction to a message of ours stays a reaction. */
import type { Answer } from "#kit/approval-prompt.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { promptShownBy } from "#kit/prompt-board.ts";
import type { StateStore } from "#kit/state-store.ts";
import { readMemo } from "./outbound.ts";

/** Thumbs come in skin tones: the sign they begin with counts. */
const ANSWER_OF: readonly (readonly [sign: string, answer: Answer])[] = [
  ["👍", "approve"],
  ["👎", "deny"],
];

/**
 * The reaction as what it means. An answer only where the request shows it as one, and only in the request's own chat;
 * whether the sender may give it is the gateway's to say.
 */
export async function meaningOf(
  draft: InboundDraft,
  reactsTo: string,
  state: StateStore,
): Promise<InboundDraft> {
  const answer = ANSWER_OF.find(([sign]) => draft.value.startsWith(sign))?.[1];
  if (answer === undefined) return draft;
  const prompt = await promptShownBy(state, reactsTo);
  if (prompt === undefined) return draft;
  const { values, conversation } = readMemo(prompt.memo);
  const value = `${answer}:${prompt.approvalId}`;
  if (conversation !== draft.conversation || !values.includes(value)) return draft;
  return { ...draft, kind: "button", value };
}
