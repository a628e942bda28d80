/** ✅ or ❌ on an approval request is an answer to it. Other reactions mean nothing to the bot. */
import type { InboundDraft } from "#kit/adapter.ts";
import type { Answer } from "#kit/approval-prompt.ts";
import { promptShownBy } from "#kit/prompt-board.ts";
import type { StateStore } from "#kit/state-store.ts";
import { readMemo } from "./memo.ts";

/** What the bot puts under a request, for people to tap; thumbs, which come in skin tones, count as well. */
export const SIGN_OF = { approve: "✅", deny: "❌" } as const;
const ANSWER_OF: readonly (readonly [sign: string, answer: Answer])[] = [
  [SIGN_OF.approve, "approve"],
  ["👍", "approve"],
  [SIGN_OF.deny, "deny"],
  ["👎", "deny"],
];

/**
 * The reaction as the answer that it is: only where the request shows that answer, and only in the
 * request's own room. Whether the sender may give it is the gateway's to say. `undefined` for any other
 * reaction.
 */
export async function meaningOf(draft: InboundDraft, state: StateStore): Promise<InboundDraft | undefined> {
  const answer = ANSWER_OF.find(([sign]) => draft.value.startsWith(sign))?.[1];
  if (answer === undefined) return undefined;
  const prompt = await promptShownBy(state, draft.replyTo);
  if (prompt === undefined) return undefined;
  const { values, conversation, thread } = readMemo(prompt.memo);
  const value = `${answer}:${prompt.approvalId}`;
  if (conversation !== draft.conversation || !values.includes(value)) return undefined;
  return { ...draft, thread, kind: "button", value };
}
