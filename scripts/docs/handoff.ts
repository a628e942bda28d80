/** The table of names in docs/formats/handoff.md, from src/contracts/handoff.ts. */
import { HANDOFF_NAMES } from "#contracts/handoff.ts";
import { table } from "./markdown.ts";

/** One row a role. */
export function handoffTable(): string {
  const rows = Object.entries<readonly string[]>(HANDOFF_NAMES).map(([role, names]) => [
    role,
    names.map((name) => `\`${name}\``).join(" "),
  ]);
  return table(["role", "names"], rows);
}
