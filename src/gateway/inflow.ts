/**
 * How much an admitted person, and an adapter for all of its persons, may bring in: events, new conversations, answers.
 * Each event that is taken is a row and may be a turn, so what comes above it is dropped before it costs either. It is
 * acknowledged as refused, never as recorded; one row a minute counts what was dropped.
 */
import { GATEWAY_LANE, type InstanceId, type PersonId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Inbound } from "#contracts/message.ts";
import { type Allowance, allowance } from "#runtime/allowance.ts";
import type { Clock } from "#runtime/clock.ts";
import { commandOf } from "./commands.ts";
import type { CountedRows } from "./counted-rows.ts";
import { ownWords } from "./words.ts";

/** One answer to a person in this time. */
const TOLD_AGAIN_MS = 60_000;

export const TOO_MUCH =
  "That was too much at once. The last messages were not taken; wait a minute, then send them again.";

/** What is counted. */
export type InflowSort = "events" | "conversations" | "answers";

/** What comes in: whose, over which adapter. */
export interface Arrival {
  readonly instance: InstanceId;
  readonly person: PersonId;
  readonly inbound: Inbound;
  /** Its chat has no conversation yet. */
  readonly isNew: boolean;
}

/** A person's or an adapter's allowances. */
type Allowances = { readonly [S in InflowSort]: Allowance };

export class Inflow {
  readonly #clock: Clock;
  readonly #rows: CountedRows;
  /** Admitted persons and configured adapters alone get an entry, so both are as few as those. */
  readonly #persons = new Map<PersonId, Allowances>();
  readonly #instances = new Map<InstanceId, Allowances>();
  readonly #toldAt = new Map<PersonId, number>();

  /** `rows`: one a minute of each sort. */
  constructor(clock: Clock, rows: CountedRows) {
    this.#clock = clock;
    this.#rows = rows;
  }

  /** `undefined` when the event may come in; else what its sender is told, empty when they were told just now. */
  async refuses(arrival: Arrival): Promise<string | undefined> {
    const sort = this.#spent(arrival);
    if (sort === undefined) return undefined;
    const { instance, person } = arrival;
    await this.#rows.note(`${instance} ${person} ${sort}`, (count = 1) => ({
      session: GATEWAY_LANE,
      kind: "inbound_dropped",
      trust: "external",
      payload: { instance, person, limit: sort, count },
    }));
    return this.#mayTell(person) ? TOO_MUCH : "";
  }

  /** The sort whose allowance is spent. An event takes of every sort that it is. */
  #spent({ instance, person, inbound, isNew }: Arrival): InflowSort | undefined {
    const sorts: readonly InflowSort[] = [
      "events",
      ...(isNew ? (["conversations"] as const) : []),
      ...(isAnswer(inbound) ? (["answers"] as const) : []),
    ];
    const own = entry(this.#persons, person, () => this.#allowances(1));
    const all = entry(this.#instances, instance, () => this.#allowances(LIMITS.inflow_persons_factor));
    return sorts.find((sort) => !own[sort].take() || !all[sort].take());
  }

  #allowances(factor: number): Allowances {
    const of = (perMinute: number, burst: number): Allowance =>
      allowance(perMinute * factor, this.#clock, burst * factor);
    return {
      events: of(LIMITS.inflow_events_per_minute, LIMITS.inflow_events_burst),
      conversations: of(LIMITS.inflow_conversations_per_minute, LIMITS.inflow_conversations_burst),
      answers: of(LIMITS.inflow_answers_per_minute, LIMITS.inflow_answers_burst),
    };
  }

  #mayTell(person: PersonId): boolean {
    const now = this.#clock.monotonic();
    const last = this.#toldAt.get(person);
    if (last !== undefined && now - last < TOLD_AGAIN_MS) return false;
    this.#toldAt.set(person, now);
    return true;
  }
}

/** An answer to an approval: each that is refused is a row of its own. */
function isAnswer(inbound: Inbound): boolean {
  const name = commandOf(inbound, ownWords(inbound))?.name;
  return inbound.kind === "button" || name === "approve" || name === "deny";
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
