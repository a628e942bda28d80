/**
 * The answer of a sync as what happened, in order, and the earlier events that a busy room left out of it.
 * https://spec.matrix.org/v1.11/client-server-api/#syncing
 */
import { type Wild, flagIn, objectIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";
import { type MatrixApi, roomPath } from "./api.ts";
import { isRoomId, isUserId } from "./ids.ts";

/** Pages of a room's history that are fetched after an absence. */
const GAP_PAGES_MAX = 20;
const GAP_PAGE = 100;

export interface RoomNews {
  readonly room: string;
  /** In order. */
  readonly events: readonly Wild[];
  /** Set where earlier events were left out: the place before the first of `events`. */
  readonly gapBefore: string;
  readonly isEncrypted: boolean;
}

export interface Invitation {
  readonly room: string;
  readonly from: string;
}

export interface News {
  /** Where the next sync goes on; empty for an answer that is none. */
  readonly next: string;
  readonly rooms: readonly RoomNews[];
  readonly invitations: readonly Invitation[];
}

/** Reads the answer of a sync. */
export function readNews(answer: Wild, me: string): News {
  const rooms = objectIn(answer, "rooms");
  return {
    next: textIn(answer, "next_batch"),
    rooms: Object.entries(objectIn(rooms, "join"))
      .filter(([room]) => isRoomId(room))
      .map(([room, value]) => roomNews(room, objectOf(value))),
    invitations: Object.entries(objectIn(rooms, "invite"))
      .map(([room, value]) => ({ room, from: inviterOf(objectOf(value), me) }))
      .filter(({ room, from }) => isRoomId(room) && isUserId(from)),
  };
}

function roomNews(room: string, value: Wild): RoomNews {
  const timeline = objectIn(value, "timeline");
  const events = objectsIn(timeline, "events");
  const state = objectsIn(objectIn(value, "state"), "events");
  return {
    room,
    events,
    gapBefore: flagIn(timeline, "limited") ? textIn(timeline, "prev_batch") : "",
    isEncrypted: [...state, ...events].some((event) => textIn(event, "type") === "m.room.encryption"),
  };
}

function inviterOf(value: Wild, me: string): string {
  const events = objectsIn(objectIn(value, "invite_state"), "events");
  const own = events.find(
    (event) => textIn(event, "type") === "m.room.member" && textIn(event, "state_key") === me,
  );
  return own === undefined ? "" : textIn(own, "sender");
}

/**
 * A room's events between two syncs that the second left out, in order. What cannot be had is not waited
 * for: the homeserver may have forgotten it.
 */
export async function fillGap(
  api: MatrixApi,
  { room, gapBefore }: RoomNews,
  since: string,
): Promise<readonly Wild[]> {
  const found: Wild[] = [];
  let from = gapBefore;
  for (let page = 0; page < GAP_PAGES_MAX && from !== ""; page++) {
    const query = new URLSearchParams({ dir: "b", from, to: since, limit: String(GAP_PAGE) });
    const answer = await api.get(roomPath(room, `messages?${query.toString()}`));
    if (!answer.ok) break;
    found.push(...objectsIn(answer.value, "chunk"));
    from = textIn(answer.value, "end");
  }
  return found.toReversed();
}
