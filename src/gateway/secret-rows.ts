/** `secret_redacted`: a secret that the gateway holds came back in a text, and was taken out. Never its value. */
import type { NewRow } from "#contracts/audit-event.ts";
import type { CallId } from "#contracts/ids.ts";
import type { TurnFacts } from "./turn-facts.ts";

/** Where the text came from: the model, or what the call did. */
export type SecretSource = { readonly source: "model" } | { readonly source: "tool"; readonly call: CallId };

/** One row a secret; `found` is its name → how often. */
export function secretRows(
  { handle, turn }: TurnFacts,
  from: SecretSource,
  found: ReadonlyMap<string, number>,
): readonly NewRow[] {
  return [...found].map(([secret, count]) => ({
    session: handle.session,
    kind: "secret_redacted",
    trust: "system",
    payload: { turn, ...from, secret, count },
  }));
}
