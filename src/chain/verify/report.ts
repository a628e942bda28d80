/** What verification finds (docs/formats/audit.md, "Commands"). The reasons are a closed set. */
export const REASONS = [
  "schema",
  "gap",
  "payload_hash",
  "content_mismatch",
  "row_hash",
  "prev_hash",
  "payload_missing",
  "content_missing",
  "prune_invalid",
  "erase_invalid",
  "head_signature",
  "head_range",
  "tree_size",
  "tree_root",
  "tree_signature",
  "key_break",
  "unknown_key",
  "unsigned_tail",
  "rollback",
  "identity",
  "clock",
  "messages_hash",
  "tools_hash",
  "replay_divergence",
] as const;
export type Reason = (typeof REASONS)[number];

/** Where a problem lies: as exactly as the log leaves it. */
export interface Place {
  readonly session: string;
  readonly seq: number;
  readonly id: number;
}

export interface Problem extends Place {
  readonly reason: Reason;
  readonly detail: string;
}

/** The JSON of `wirken audit verify --json`. */
export interface Report {
  readonly ok: boolean;
  /** 0 the file alone · 1 with the signer's memory · 2 with a checkpoint kept elsewhere. */
  readonly level: 0 | 1 | 2;
  readonly anchored: boolean;
  readonly rows: number;
  readonly sessions: number;
  readonly heads: number;
  readonly checkpoints: number;
  readonly keys: readonly { readonly holder: string; readonly key: string }[];
  readonly problems: readonly Problem[];
}

const PER_SESSION_MAX = 100;

/** Collects problems: the first hundred of each session, then a count in their place. */
export class Problems {
  readonly #kept: Problem[] = [];
  readonly #counts = new Map<string, number>();
  readonly #last = new Map<string, Problem>();

  add(place: Place, reason: Reason, detail: string): void {
    const { session, seq, id } = place;
    const count = (this.#counts.get(session) ?? 0) + 1;
    this.#counts.set(session, count);
    const problem = { session, seq, id, reason, detail };
    if (count <= PER_SESSION_MAX) this.#kept.push(problem);
    else this.#last.set(session, problem);
  }

  get none(): boolean {
    return this.#counts.size === 0;
  }

  /** All problems by id, each session's surplus as one line at its last place. */
  list(): Problem[] {
    const surplus = [...this.#last].map(([session, last]): Problem => {
      const more = (this.#counts.get(session) ?? 0) - PER_SESSION_MAX;
      return { ...last, detail: `this and ${more - 1} more problems of the session that are not listed` };
    });
    return [...this.#kept, ...surplus].sort((a, b) => a.id - b.id);
  }
}
