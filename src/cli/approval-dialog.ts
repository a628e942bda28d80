/** An approval asked at the terminal: the exact call, then yes or no; no is the default. */
import type { ApprovalPrompt } from "#contracts/message.ts";
import type { ControlClient } from "./client.ts";
import type { Context } from "./context.ts";

/** Shows the request and sends the person's answer. */
export async function answerOnTerminal(
  context: Context,
  client: ControlClient,
  prompt: ApprovalPrompt,
): Promise<void> {
  for (const line of promptLines(prompt)) context.out.say(line);
  const approved = await context.terminal.confirm("Approve this once?");
  const approvalId = prompt.approvalId;
  const answer = approved
    ? await client.call("permissions_approve", { approvalId, remember: false })
    : await client.call("permissions_deny", { approvalId, why: "" });
  if (!answer.ok) context.out.fault(answer.error);
}

/** A request as lines: question, exact call, facts. */
export function promptLines(prompt: {
  readonly title: string;
  readonly exact: string;
  readonly facts: ApprovalPrompt["facts"];
}): readonly string[] {
  return [
    "",
    prompt.title,
    ...prompt.exact.split("\n").map((line) => `  │ ${line}`),
    ...prompt.facts.map((fact) => `  ${fact.alarming ? "!" : " "} ${fact.label}: ${fact.text}`),
  ];
}
