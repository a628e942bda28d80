/** Rows of the record as lines of a terminal: hidden characters visible, nothing wraps. */
import type { Row } from "#contracts/audit-event.ts";
import { recordLine } from "#session/record-line.ts";
import { moment, table } from "./output.ts";

/** A heading and a line a row. */
export function rowLines(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return ["no rows"];
  return table(
    ["row", "time", "session", "seq", "kind", "what"],
    rows.map((row) => {
      const line = recordLine(row);
      return [String(row.id), moment(row.tsMs), short(row.session), String(row.seq), row.kind, line.summary];
    }),
  );
}

/** `default/webchat/c-abcdefgh…`: the whole id stands in `--json` and in `session list`. */
function short(session: string): string {
  return session.length > 28 ? `${session.slice(0, 27)}…` : session;
}
