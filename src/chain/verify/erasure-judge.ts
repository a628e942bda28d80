/**
 * NULL payloads and contents against the `pruned` and `content_erased` rows that account for them
 * (docs/formats/audit.md, "Nothing is ever deleted"). Judged after the last row, because the account stands
 * behind.
 */
import type { ErasePayload, PrunePayload } from "./fields.ts";
import type { RawRow } from "./raw-row.ts";
import type { Place, Problems } from "./report.ts";

/** Rows that nobody may prune or erase. */
const EXEMPT: ReadonlySet<string> = new Set([
  "log_created",
  "key_continuity",
  "chain_head",
  "checkpoint",
  "pruned",
  "content_erased",
  "restored",
]);

interface Missing {
  readonly place: Place;
  readonly exempt: boolean;
  accounted: boolean;
}

interface Account<T> {
  readonly place: Place;
  readonly says: T;
}

export class ErasureJudge {
  readonly #payloads = new Map<string, Missing[]>();
  readonly #contents = new Map<string, Missing[]>();
  readonly #prunes: Account<PrunePayload>[] = [];
  readonly #erasures: Account<ErasePayload>[] = [];

  payloadMissing(row: RawRow): void {
    note(this.#payloads, row);
  }

  contentMissing(row: RawRow): void {
    note(this.#contents, row);
  }

  pruned(row: RawRow, says: PrunePayload): void {
    this.#prunes.push({ place: { session: row.session, seq: row.seq, id: row.id }, says });
  }

  erased(row: RawRow, says: ErasePayload): void {
    this.#erasures.push({ place: { session: row.session, seq: row.seq, id: row.id }, says });
  }

  /**
   * Reports accounts without force and NULLs without account. `hasForce` tells whether a valid checkpoint
   * covers a row.
   */
  finish(problems: Problems, hasForce: (place: Place) => boolean): void {
    for (const { place, says } of this.#prunes) {
      const fault = hasForce(place) ? this.#applyPrune(place, says) : "no valid checkpoint covers this row";
      if (fault !== undefined) problems.add(place, "prune_invalid", fault);
    }
    for (const { place, says } of this.#erasures) {
      const fault = hasForce(place) ? this.#applyErasure(place, says) : "no valid checkpoint covers this row";
      if (fault !== undefined) problems.add(place, "erase_invalid", fault);
    }
    report(problems, this.#payloads, "payload_missing");
    report(problems, this.#contents, "content_missing");
  }

  #applyPrune(place: Place, { session, seqFrom, seqTo, count }: PrunePayload): string | undefined {
    const inRange = ({ place: { seq, id }, exempt }: Missing): boolean =>
      !exempt && seq >= seqFrom && seq <= seqTo && id < place.id;
    const payloads = (this.#payloads.get(session) ?? []).filter(inRange);
    if (payloads.length !== count || seqFrom > seqTo)
      return `accounts for ${count} rows, ${payloads.length} are pruned`;
    for (const missing of payloads) missing.accounted = true;
    const pruned = new Set(payloads.map(({ place: { seq } }) => seq));
    for (const missing of this.#contents.get(session) ?? []) {
      if (pruned.has(missing.place.seq)) missing.accounted = true;
    }
    return undefined;
  }

  #applyErasure(place: Place, { session, seq }: ErasePayload): string | undefined {
    const missing = (this.#contents.get(session) ?? []).find((each) => each.place.seq === seq);
    if (missing === undefined || missing.exempt || missing.place.id >= place.id)
      return "the text it names is not erased";
    missing.accounted = true;
    return undefined;
  }
}

function note(missing: Map<string, Missing[]>, row: RawRow): void {
  const place = { session: row.session, seq: row.seq, id: row.id };
  const entry = { place, exempt: EXEMPT.has(row.kind), accounted: false };
  const known = missing.get(row.session);
  if (known === undefined) missing.set(row.session, [entry]);
  else known.push(entry);
}

function report(
  problems: Problems,
  missing: ReadonlyMap<string, readonly Missing[]>,
  reason: "payload_missing" | "content_missing",
): void {
  for (const entries of missing.values()) {
    for (const { place, accounted } of entries) {
      if (!accounted) problems.add(place, reason, "no valid row accounts for it");
    }
  }
}
