/** The rooms of the strict homeserver and the order of everything in them: what a sync gives from a place on. */
import type { Clock } from "#runtime/clock.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface FakeRoom {
  readonly id: string;
  /** Display names by id. */
  readonly members: Map<string, string>;
  isEncrypted: boolean;
}

/** Events of one room that one sync gives at most; above it the answer is "limited". */
const LIMIT = 20;

export class RoomStream {
  readonly rooms = new Map<string, FakeRoom>();
  readonly declined: string[] = [];
  readonly #clock: Clock;
  readonly #bot: string;
  readonly #events: { readonly room: string; readonly event: Json }[] = [];
  readonly #invitations = new Map<string, { readonly at: number; readonly from: string }>();
  readonly #waiting = new Set<() => void>();
  #position = 0;
  #ids = 0;

  constructor(clock: Clock, bot: string) {
    this.#clock = clock;
    this.#bot = bot;
  }

  /** Syncs that wait for news. */
  get listening(): number {
    return this.#waiting.size;
  }

  /** A room that the bot is in. */
  open(id: string, members: Readonly<Record<string, string>>, isEncrypted = false): FakeRoom {
    const room = { id, members: new Map([[this.#bot, "Wirken"], ...Object.entries(members)]), isEncrypted };
    this.rooms.set(id, room);
    return room;
  }

  /** Somebody invites the bot into a room. */
  invite(id: string, from: string): void {
    this.rooms.set(id, { id, members: new Map([[from, from.slice(1, 4)]]), isEncrypted: false });
    this.#invitations.set(id, { at: ++this.#position, from });
    this.#wake();
  }

  answerInvitation(id: string, answer: "join" | "leave"): boolean {
    if (!this.#invitations.delete(id)) return false;
    if (answer === "join") this.rooms.get(id)?.members.set(this.#bot, "Wirken");
    else this.declined.push(id);
    return true;
  }

  /** Something is written; answers its id. */
  write(room: string, event: Json): string {
    const event_id = `$event-${++this.#ids}`;
    this.again(room, { event_id, origin_server_ts: this.#clock.now(), ...event });
    return event_id;
  }

  /** An event stands in the stream, perhaps once more. */
  again(room: string, event: Json): void {
    this.#events.push({ room, event });
    this.#position++;
    this.#at.push(this.#position);
    this.#wake();
  }

  /** Position of each event, by its place in the list. */
  readonly #at: number[] = [];

  eventOf(id: string): Json | undefined {
    return this.#events.find(({ event }) => event["event_id"] === id)?.event;
  }

  /** Waits for news after `since`, at most `waitMs`. */
  async sync(since: string, waitMs: number, signal?: AbortSignal): Promise<Json> {
    const from = Number(/^s(\d+)$/.exec(since)?.[1] ?? "0");
    if (this.#position <= from && waitMs > 0) await this.#news(waitMs, signal);
    const join: Record<string, Json> = {};
    for (const { id, members, isEncrypted } of this.rooms.values()) {
      if (!members.has(this.#bot)) continue;
      const places = this.#places(id, from);
      if (places.length === 0 && since !== "") continue;
      const last = places.slice(-LIMIT);
      const first = last[0] ?? 0;
      const events = last.map((at) => this.#events[at]?.event ?? {});
      const limited = places.length > last.length;
      const prev_batch = `s${(this.#at[first] ?? 1) - 1}`;
      const encryption = { type: "m.room.encryption", state_key: "", content: {} };
      const state = since === "" && isEncrypted ? { events: [encryption] } : { events: [] };
      join[id] = { timeline: { events, limited, prev_batch }, state };
    }
    const invite = [...this.#invitations]
      .filter(([, { at }]) => at > from)
      .map(([id, { from: sender }]) => {
        const event = {
          type: "m.room.member",
          state_key: this.#bot,
          sender,
          content: { membership: "invite" },
        };
        return [id, { invite_state: { events: [event] } }];
      });
    return { next_batch: `s${this.#position}`, rooms: { join, invite: Object.fromEntries(invite) } };
  }

  /** A page of history, backwards from `from` to `to`. */
  messages(room: string, query: URLSearchParams): Json {
    const from = Number((query.get("from") ?? "s0").slice(1));
    const to = Number((query.get("to") ?? "s0").slice(1));
    const limit = Number(query.get("limit") ?? "10");
    const places = this.#places(room, to).filter((at) => (this.#at[at] ?? 0) <= from);
    const page = places.slice(-limit).toReversed();
    const chunk = page.map((at) => this.#events[at]?.event ?? {});
    const more = places.length > page.length;
    const end = `s${(this.#at[page.at(-1) ?? 0] ?? 1) - 1}`;
    return { start: query.get("from"), chunk, ...(more ? { end } : {}) };
  }

  #places(room: string, from: number): number[] {
    return this.#events.flatMap((entry, at) =>
      entry.room === room && (this.#at[at] ?? 0) > from ? [at] : [],
    );
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  async #news(waitMs: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(waitMs, done);
      this.#waiting.add(done);
      signal?.addEventListener("abort", done);
    });
  }
}
