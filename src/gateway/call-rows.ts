/** The rows of a tool call, as payload (never text) and content (all text). Read back by history, cards and lines. */
import { hash } from "node:crypto";
import type { Action, Labels } from "#contracts/action.ts";
import type { NewRow } from "#contracts/audit-event.ts";
import type { ModelCall } from "#contracts/conversation.ts";
import { type Json, type JsonObject, jcs } from "#contracts/json.ts";
import type { Reason, Verdict } from "#contracts/verdict.ts";
import { utf8Length } from "#contracts/visible.ts";
import { canonicalAction } from "#policy/digest.ts";
import { profileJson } from "#policy/profile.ts";
import { actOf } from "#policy/title.ts";
import type { CallOutcome } from "./tool-cards.ts";
import type { Surroundings } from "./toolbox.ts";
import type { TurnFacts } from "./turn-facts.ts";

/** Salted, since the action holds erasable text: H(salt ‖ JCS(action)), hex. */
export function inputsHash(salt: string, action: Action): string {
  const canonical = canonicalAction(action);
  return hash("sha256", salt + (canonical.ok ? canonical.value : ""), "hex");
}

/** `tool_call`: the model proposed. `salt`: 16 random bytes, hex. */
export function toolCallRow(
  facts: TurnFacts,
  call: ModelCall,
  action: Action,
  more: { readonly tier: number; readonly salt: string; readonly around: Surroundings },
): NewRow {
  const { present, past, target } = actOf(action);
  const { origins, secrecy } = facts.labels.value;
  const canonical = canonicalAction(action);
  return {
    session: facts.handle.session,
    kind: "tool_call",
    trust: "tool",
    payload: {
      turn: facts.turn,
      call: call.id,
      tool: action.kind === "unknown_tool" ? "unknown" : action.tool,
      action: action.kind,
      tier: more.tier,
      seen_origins: [...origins],
      seen_secrecy: secrecy,
      inputs_hash: inputsHash(more.salt, action),
    },
    content: {
      name: call.name,
      args: call.args,
      action: canonical.ok ? canonical.value : "",
      salt: more.salt,
      verb: past,
      wish: present,
      target,
      where: more.around.where,
    },
  };
}

/** `decision` of the policy: allow, ask or deny, with its reasons and the hash of the profile it was made under. */
export function policyDecisionRow(facts: TurnFacts, call: ModelCall, verdict: Verdict): NewRow {
  return {
    session: facts.handle.session,
    kind: "decision",
    trust: "system",
    payload: {
      turn: facts.turn,
      call: call.id,
      verdict: verdict.kind,
      tier: verdict.tier,
      by: "policy",
      surface: "",
      rule: verdict.reasons.map((reason) => reason.code),
      policy_hash: hash("sha256", jcs(profileJson(facts.profile)), "hex"),
    },
    content: { reasons: verdict.reasons.map(reasonJson) },
  };
}

/** `intent`: the effect is about to begin. */
export function intentRow(
  facts: TurnFacts,
  call: ModelCall,
  more: { inputs: string; digest: string },
): NewRow {
  return {
    session: facts.handle.session,
    kind: "intent",
    trust: "system",
    payload: { turn: facts.turn, call: call.id, inputs_hash: more.inputs, digest: more.digest },
  };
}

export interface CallEnd {
  readonly outcome: CallOutcome;
  readonly text: string;
  readonly code: string;
  readonly exitCode: number | undefined;
  readonly tookMs: number;
  readonly labels: Labels;
  readonly undo: JsonObject | undefined;
  readonly recorded: JsonObject | undefined;
  readonly secrets: ReadonlyMap<string, number>;
}

/** `tool_result`: how the call ended, always. */
export function toolResultRow(facts: TurnFacts, call: ModelCall, tool: string, end: CallEnd): NewRow {
  const exit = end.exitCode === undefined ? {} : { exit_code: end.exitCode };
  return {
    session: facts.handle.session,
    kind: "tool_result",
    trust: end.outcome === "done" || end.outcome === "failed" ? "tool" : "system",
    payload: {
      turn: facts.turn,
      call: call.id,
      tool,
      outcome: end.outcome,
      code: end.code,
      bytes: utf8Length(end.text),
      took_ms: end.tookMs,
      undoable: end.undo !== undefined,
      origins: [...end.labels.origins],
      secrecy: end.labels.secrecy,
      ...exit,
    },
    content: { text: end.text, ...optional("undo", end.undo), ...optional("recorded", end.recorded) },
  };
}

function reasonJson(reason: Reason): Json {
  return Object.fromEntries(
    Object.entries(reason).map(([key, value]): [string, Json] => [
      key,
      Array.isArray(value) ? [...value] : value,
    ]),
  );
}

function optional(name: string, value: JsonObject | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}
