/** The table role × attack of SECURITY.md, as the tests in `test/hostile/walls` hold it. */
import { ATTACK_NAMES } from "#test/hostile/walls/table.ts";
import { COLUMNS } from "#test/hostile/walls/columns.ts";
import { BY_DESIGN } from "#test/hostile/walls/expected.ts";
import { table } from "./markdown.ts";

/** A row an attack: `–` where it is stopped, a number where it is meant to succeed, with the reasons beneath. */
export function wallsTable(): string {
  const columns = COLUMNS.filter((column) => column !== "no walls");
  const reasons = [...new Set(columns.flatMap((column) => Object.values(BY_DESIGN[column])))];
  const cell = (column: (typeof columns)[number], attack: (typeof ATTACK_NAMES)[number]): string => {
    const reason = BY_DESIGN[column][attack];
    return reason === undefined ? "–" : `(${String(reasons.indexOf(reason) + 1)})`;
  };
  const rows = ATTACK_NAMES.map((attack) => [attack, ...columns.map((column) => cell(column, attack))]);
  const notes = reasons.map((reason, index) => `(${String(index + 1)}) ${reason}.`);
  return [table(["attack", ...columns], rows), "", notes.join("  \n")].join("\n");
}
