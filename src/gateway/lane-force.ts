/**
 * Which rows of a lane count after a restart. A row that no head covers, or only a head made with the reason
 * `recovered`, was found after a crash and could have been put there by anyone who can write the file: it is durable but
 * not attested, and no grant, approver or pairing in it has force (docs/formats/audit.md, "Signer").
 */
import type { Row } from "#contracts/audit-event.ts";
import { numberField, textField } from "#session/fields.ts";

/** The rows that an ordinary head covers, in order. */
export function rowsInForce(rows: readonly Row[]): readonly Row[] {
  const ranges = rows
    .filter((row) => row.kind === "chain_head" && textField(row.payload, "reason") !== "recovered")
    .map((row) => ({
      start: numberField(row.payload, "seq_start", Number.NaN),
      end: numberField(row.payload, "seq_end", Number.NaN),
    }));
  return rows.filter((row) => ranges.some(({ start, end }) => start <= row.seq && row.seq <= end));
}
