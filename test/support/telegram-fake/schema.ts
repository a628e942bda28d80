/**
 * What the Bot API accepts, read from `bot-api.txt`, a compact table of Telegram's own documentation (its first lines say
 * where it is from, `scripts/telegram-table.ts` writes it).
 */
import { join } from "node:path";
import { type Schema, readApiTable } from "../api-table.ts";

export type { Schema };
export { violationsOf } from "../api-table.ts";

/** The whole interface. */
export function botApiSchema(): Schema {
  return readApiTable(join(import.meta.dir, "bot-api.txt"));
}
