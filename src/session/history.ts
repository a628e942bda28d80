/**
 * The wake: what a session is, from its rows alone. Pure, so that the same rows always give the same conversation.
 * The rows' members are documented where they are written: `src/gateway/turn-record.ts` and `src/gateway/guard.ts`.
 */
import { type Labels, type Origin, SECRECIES, type Secrecy } from "#contracts/action.ts";
import type { Row } from "#contracts/audit-event.ts";
import type { ModelCall, ModelMessage } from "#contracts/conversation.ts";
import { parseCallId } from "#contracts/ids.ts";
import { isJsonObject, type Json } from "#contracts/json.ts";
import { listField, textField, textsField } from "./fields.ts";

/** Nothing was read yet but the program's own text. */
export const NO_LABELS: Labels = { origins: [], secrecy: "public" };

const ERASED = "(this text was erased)";

/** The conversation as the model sees it: each call is followed by its result, in the order of the rows. */
export function messagesOf(rows: readonly Row[]): readonly ModelMessage[] {
  const messages: ModelMessage[] = [];
  for (const row of rows) {
    const message = messageOf(row);
    if (message !== undefined) messages.push(message);
  }
  return messages;
}

/** Labels of everything the session has read: they only grow. */
export function labelsOf(rows: readonly Row[]): Labels {
  let labels = NO_LABELS;
  for (const row of rows) {
    const origins = textsField(row.payload, "origins").filter(isOrigin);
    const secrecy = textField(row.payload, "secrecy");
    labels = mergeLabels(labels, { origins, secrecy: isSecrecy(secrecy) ? secrecy : "public" });
  }
  return labels;
}

/** The union of the origins and the higher secrecy. */
export function mergeLabels(a: Labels, b: Labels): Labels {
  const origins = [...new Set([...a.origins, ...b.origins])];
  const secrecy = SECRECIES.indexOf(a.secrecy) >= SECRECIES.indexOf(b.secrecy) ? a.secrecy : b.secrecy;
  return { origins, secrecy };
}

/** Calls without a result row: what a crash left, in order. */
export function callsWithoutResult(rows: readonly Row[]): readonly Row[] {
  const open = new Map<string, Row>();
  for (const row of rows) {
    const call = textField(row.payload, "call");
    if (row.kind === "tool_call") open.set(call, row);
    if (row.kind === "tool_result") open.delete(call);
  }
  return [...open.values()];
}

/** Turns that began and did not end, in order. */
export function openTurns(rows: readonly Row[]): readonly Row[] {
  const open = new Map<string, Row>();
  for (const row of rows) {
    const turn = textField(row.payload, "turn");
    if (row.kind === "turn_started") open.set(turn, row);
    if (row.kind === "turn_ended") open.delete(turn);
  }
  return [...open.values()];
}

/** Approval requests that no final decision row closed, in order. */
export function openApprovals(rows: readonly Row[]): readonly Row[] {
  const open = new Map<string, Row>();
  for (const row of rows) {
    const approval = textField(row.payload, "approval");
    if (row.kind === "approval_requested") open.set(approval, row);
    if (row.kind === "decision" && approval !== "") open.delete(approval);
  }
  return [...open.values()];
}

/**
 * Outbound messages whose newest delivery row, if any, is neither final nor missing: `state` of each by
 * outbound id.
 */
export function openDeliveries(rows: readonly Row[]): ReadonlyMap<string, { row: Row; began: boolean }> {
  const open = new Map<string, { row: Row; began: boolean }>();
  for (const row of rows) {
    const outbound = textField(row.payload, "outbound");
    if (row.kind === "outbound") open.set(outbound, { row, began: false });
    const known = open.get(outbound);
    if (row.kind !== "delivery" || known === undefined) continue;
    if (textField(row.payload, "state") === "sending") open.set(outbound, { row: known.row, began: true });
    else open.delete(outbound);
  }
  return open;
}

function messageOf(row: Row): ModelMessage | undefined {
  const text = row.content === undefined ? ERASED : textField(row.content, "text");
  if (row.kind === "user_message") return { role: "user", seq: row.seq, text };
  if (row.kind === "assistant_message") {
    const calls = listField(row.content, "calls").flatMap(modelCall);
    return { role: "assistant", seq: row.seq, text, calls };
  }
  if (row.kind !== "tool_result") return undefined;
  const call = parseCallId(textField(row.payload, "call"));
  if (!call.ok) return undefined;
  return { role: "tool", seq: row.seq, call: call.value, name: textField(row.payload, "tool"), text };
}

function modelCall(value: Json): readonly ModelCall[] {
  if (!isJsonObject(value)) return [];
  const id = parseCallId(textField(value, "id"));
  if (!id.ok) return [];
  return [
    {
      id: id.value,
      providerId: textField(value, "provider_id"),
      name: textField(value, "name"),
      args: textField(value, "args"),
    },
  ];
}

function isSecrecy(text: string): text is Secrecy {
  return SECRECIES.some((secrecy) => secrecy === text);
}

const PLAIN_ORIGINS = ["owner", "admitted", "stranger", "web", "file", "skill", "memory", "system"] as const;

function isOrigin(text: string): text is Origin {
  return PLAIN_ORIGINS.some((origin) => origin === text) || text.startsWith("mcp:");
}
