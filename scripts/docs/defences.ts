/** The defences that are shown by taking them out, by class of attack, for SECURITY.md. */
import { CLASSES } from "#test/mutations/defence.ts";
import { DEFENCES } from "#test/mutations/defences.ts";
import { table } from "./markdown.ts";

/** A row a class, with how many defences stand against it, and how many there are in all. */
export function defencesTable(): string {
  const rows = Object.entries(CLASSES).map(([name, what]) => [
    name,
    what,
    String(DEFENCES.filter(({ attack }) => attack === name).length),
  ]);
  return table(["class", "what it is", "defences"], [...rows, ["", "all", String(DEFENCES.length)]]);
}
