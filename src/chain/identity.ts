/** What `conversation_seen` and `person_seen` rows announce: our random id for a platform's id. */
import type { JsonObject } from "#contracts/json.ts";

export interface Identity {
  readonly table: "conversations" | "persons";
  readonly id: string;
  readonly instance: string;
  /** `null` when the row's text was erased or never had one. */
  readonly platformId: string | null;
}

/** Reads the identity that a row announces; `undefined` for every other row. */
export function identityOf(
  kind: string,
  payload: JsonObject | undefined,
  content: JsonObject | undefined,
): Identity | undefined {
  const table =
    kind === "conversation_seen" ? "conversations" : kind === "person_seen" ? "persons" : undefined;
  if (table === undefined) return undefined;
  const id = payload?.[table === "persons" ? "person" : "conversation"];
  const instance = payload?.["instance"];
  const platformId = content?.["platform_id"];
  if (typeof id !== "string" || typeof instance !== "string") return undefined;
  return { table, id, instance, platformId: typeof platformId === "string" ? platformId : null };
}
