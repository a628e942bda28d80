/** Follows the log and tells pages and terminals what its new rows mean for a conversation. */
import type { Row } from "#contracts/audit-event.ts";
import type { SessionId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { TurnEvent } from "#contracts/page-api.ts";
import { textField } from "#session/fields.ts";
import type { KnownConversation, Identity } from "#session/identity.ts";
import type { Names } from "./approval-rows.ts";
import { ChatFold } from "./chat-items.ts";
import type { EventHub } from "./events.ts";
import { recordLine } from "#session/record-line.ts";

/** Conversations whose fold is kept; others are read back from the log. */
const FOLDS_KEPT = 64;

export class Feed implements Disposable {
  readonly #journal: Journal;
  readonly #identity: Identity;
  readonly #names: Names;
  readonly #hub: EventHub;
  readonly #folds = new Map<SessionId, ChatFold>();
  readonly #end: () => void;

  constructor(ports: { journal: Journal; identity: Identity; names: Names; hub: EventHub }) {
    this.#journal = ports.journal;
    this.#identity = ports.identity;
    this.#names = ports.names;
    this.#hub = ports.hub;
    this.#end = ports.journal.subscribe((rows) => this.#follow(rows));
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #follow(rows: readonly Row[]): void {
    const bySession = Map.groupBy(rows, (row) => row.session);
    for (const [session, group] of bySession) {
      const place = this.#identity.placeOf(session);
      const first = group[0];
      if (place === undefined || first === undefined) continue;
      this.#tell(place, group, this.#foldBefore(session, first.seq));
    }
  }

  #tell(place: KnownConversation, rows: readonly Row[], fold: ChatFold): void {
    const conversation = place.platformConversation;
    const publish = (event: TurnEvent): void => this.#hub.publish(place, event);
    for (const row of rows) {
      const turn = textField(row.payload, "turn");
      if (row.kind === "turn_started") publish({ type: "turn_started", conversation, turn });
      for (const item of fold.take(row)) publish({ type: "item", conversation, item });
      const outcome = row.kind === "turn_ended" ? outcomeOf(row) : undefined;
      if (outcome !== undefined) publish({ type: "turn_ended", conversation, turn, outcome });
    }
    publish({ type: "record", conversation, lines: rows.map((row) => recordLine(row, this.#names)) });
    if (rows.some((row) => CHANGES_STATE.some((kind) => kind === row.kind))) this.#hub.stateChanged();
  }

  /** The fold of everything before row `seq`. */
  #foldBefore(session: SessionId, seq: number): ChatFold {
    const known = this.#folds.get(session);
    const fold = known ?? new ChatFold(this.#names);
    if (known === undefined) {
      for (const row of this.#journal.readSession(session)) if (row.seq < seq) fold.take(row);
    }
    this.#folds.delete(session);
    this.#folds.set(session, fold);
    const [oldest] = this.#folds.keys();
    if (this.#folds.size > FOLDS_KEPT && oldest !== undefined) this.#folds.delete(oldest);
    return fold;
  }
}

const CHANGES_STATE = ["approval_requested", "decision", "turn_started", "turn_ended"] as const;
const OUTCOMES = ["answered", "stopped", "failed", "expired", "round_limit"] as const;

function outcomeOf(row: Row): (typeof OUTCOMES)[number] {
  const outcome = textField(row.payload, "outcome");
  return OUTCOMES.find((known) => known === outcome) ?? "failed";
}
