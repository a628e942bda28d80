/** Approval requests read back from their rows: what was shown, and how it ended. Pure. */
import type { ApprovalOutcome } from "#contracts/approval.ts";
import type { Row } from "#contracts/audit-event.ts";
import { type Channel, isChannel } from "#contracts/channel.ts";
import { parseApprovalId, parsePersonId } from "#contracts/ids.ts";
import { isJsonObject, type JsonObject } from "#contracts/json.ts";
import type { ApprovalPrompt, PromptClosed } from "#contracts/message.ts";
import { outcomeSentence } from "#policy/outcome.ts";
import { flagField, listField, numberField, objectField, textField } from "#session/fields.ts";
import { stopFields } from "./turn-stop.ts";

/** Names of persons and places, by whoever knows them. */
export interface Names {
  /** "you", or the name that the platform showed; a bare id when there is none. */
  readonly person: (person: string) => string;
}

/** What an `approval_requested` row showed; `undefined` for another row, or when its text was erased. */
export function promptFrom(row: Row): ApprovalPrompt | undefined {
  const shown = row.kind === "approval_requested" ? objectField(row.content, "prompt") : undefined;
  const id = parseApprovalId(textField(row.payload, "approval"));
  if (shown === undefined || !id.ok) return undefined;
  return {
    approvalId: id.value,
    conversation: textField(shown, "conversation"),
    thread: textField(shown, "thread"),
    tier: numberField(row.payload, "tier") === 2 ? 2 : 3,
    title: textField(shown, "title"),
    exact: textField(shown, "exact"),
    facts: listField(shown, "facts").filter(isJsonObject).map(factFrom),
    askedMs: numberField(shown, "askedMs"),
    expiresMs: numberField(row.payload, "expires_ms"),
    answerable: flagField(shown, "answerable"),
    elsewhere: textField(shown, "elsewhere"),
    grantOffer: textField(shown, "grantOffer"),
  };
}

/** The prompt as its row's content keeps it. */
export function promptJson(prompt: ApprovalPrompt): JsonObject {
  return { ...prompt, facts: prompt.facts.map((fact) => ({ ...fact })) };
}

/** How the request that `prompt` shows was closed by its decision row. */
export function closedFrom(
  prompt: ApprovalPrompt,
  row: Row,
  reader: { readonly names: Names; readonly surface: string },
): PromptClosed {
  return closedPrompt(prompt, outcomeFrom(row), { ...reader, atMs: row.tsMs });
}

/**
 * The closing of a prompt as a surface shows it.
 * @param reader `surface`: where it is read, so that "here" is said of that place alone; `atMs`: when it was closed
 */
export function closedPrompt(
  prompt: ApprovalPrompt,
  outcome: ApprovalOutcome,
  reader: { readonly names: Names; readonly surface: string; readonly atMs: number },
): PromptClosed {
  const at = new Date(reader.atMs).toLocaleTimeString("en-GB");
  const ended = outcomeFields(outcome);
  const by = reader.names.person(ended.by);
  const where = whereOf(ended.surface, reader.surface);
  const openMs = prompt.expiresMs - prompt.askedMs;
  return {
    approvalId: prompt.approvalId,
    conversation: prompt.conversation,
    thread: prompt.thread,
    outcome: outcomeSentence(outcome, { by, where, at, openMs }),
    verdict: outcome.verdict,
  };
}

/** Whose outcome it is, as the decision row keeps it: a person's id, or the word for what ended it. */
export function outcomeFields(outcome: ApprovalOutcome): { readonly by: string; readonly surface: string } {
  if (outcome.verdict === "cancelled") return stopFields(outcome.stop);
  if (outcome.verdict === "expired") return { by: outcome.because, surface: "" };
  return { by: outcome.by, surface: outcome.surface };
}

/** "on Telegram", "on the console"; "here" on the page that was answered on. */
function whereOf(surface: string, reader: string): string {
  const isPage = surface === "webchat" || surface === "console";
  if (!isChannel(surface) || (isPage && surface === reader)) return "here";
  return SURFACE_WORDS[surface];
}

const SURFACE_WORDS = {
  webchat: "in the chat",
  telegram: "on Telegram",
  discord: "on Discord",
  slack: "on Slack",
  teams: "on Teams",
  matrix: "on Matrix",
  whatsapp: "on WhatsApp",
  signal: "on Signal",
  googlechat: "on Google Chat",
  imessage: "on iMessage",
  cli: "on the command line",
  console: "on the console",
} as const satisfies Record<Channel, string>;

function outcomeFrom(row: Row): ApprovalOutcome {
  const verdict = textField(row.payload, "verdict");
  const by = parsePersonId(textField(row.payload, "by"));
  const surface = textField(row.payload, "surface");
  if (verdict === "expired") {
    const isRestart = textField(row.payload, "by") === "restart";
    return { verdict, because: isRestart ? "restart" : "time" };
  }
  if (!by.ok || !isChannel(surface)) {
    const isOperator = textField(row.payload, "by") === "operator";
    return { verdict: "cancelled", stop: { by: isOperator ? "operator" : "shutdown" } };
  }
  if (verdict === "approved") return { verdict, by: by.value, surface, remember: false };
  if (verdict === "denied") return { verdict, by: by.value, surface, why: textField(row.content, "why") };
  return { verdict: "cancelled", stop: { by: "person", person: by.value, surface } };
}

function factFrom(fact: JsonObject): ApprovalPrompt["facts"][number] {
  return {
    label: textField(fact, "label"),
    text: textField(fact, "text"),
    alarming: flagField(fact, "alarming"),
  };
}
