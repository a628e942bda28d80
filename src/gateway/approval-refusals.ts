/** Why an answer to an approval request is refused, and what the answerer is told. */
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE, type SessionId } from "#contracts/ids.ts";
import type { Result } from "#contracts/result.ts";
import type { Answerer } from "./approvals.ts";
import type { CountedRows } from "./counted-rows.ts";

export type Refusal =
  | "unknown"
  | "already_answered"
  | "expired"
  | "wrong_surface"
  | "not_an_approver"
  | "tier_too_high";

const REFUSALS = {
  unknown: "there is no such request",
  already_answered: "this request was answered before",
  expired: "this request has expired; nothing ran",
  wrong_surface: "this request cannot be answered here",
  not_an_approver: "only a named approver can answer this request",
  tier_too_high: "this request is answered on the console or with `wirken permissions approve`",
} as const satisfies Record<Refusal, string>;

/** The fault that the answerer sees. */
export function refusalFault(reason: Refusal): Result<never, Fault> {
  const code = reason === "unknown" ? "not_found" : "refused";
  return fail(code, REFUSALS[reason], { reason, hint: "wirken permissions pending" });
}

/**
 * Writes that an answer was refused. Whoever answers without end gets the refusal each time, and the record a few rows
 * and a count.
 * @param of `approval`: the id, where there was such a request; else empty, since it would be the answerer's own text
 */
export function noteRefusedAnswer(
  rows: CountedRows,
  of: { readonly session: SessionId; readonly approval: string },
  by: Answerer,
  reason: Refusal,
): Promise<void> {
  const row = { kind: "approval_refused", trust: "external" } as const;
  const who = { person: by.person, surface: by.surface, instance: by.instance ?? "" };
  const known = of.approval === "" ? {} : { approval: of.approval };
  return rows.note(`answer ${by.person} ${by.surface}`, (count) =>
    count === undefined
      ? { ...row, session: of.session, payload: { reason, ...who, ...known } }
      : { ...row, session: GATEWAY_LANE, payload: { reason: "too_many", ...who, count } },
  );
}
