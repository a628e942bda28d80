/**
 * What a room is: encrypted or not, how many are in it, what they are called. Asked again when it changes.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { objectIn, objectOf, textIn } from "#kit/json-fields.ts";
import { type MatrixApi, roomPath } from "./api.ts";
import type { MatrixFailure } from "./failure.ts";

/** Rooms that are remembered; the earliest go first. */
const ROOMS_MAX = 1_000;

export interface Room {
  /** Once encrypted, a room stays so. */
  readonly isEncrypted: boolean;
  /** More than the bot and one person. */
  readonly isGroup: boolean;
  /** What members are called, by their id. */
  readonly names: ReadonlyMap<string, string>;
}

export interface Rooms {
  /** A room that the bot is in. */
  of(room: string): Promise<Result<Room, MatrixFailure>>;
  /** Something of the room changed. */
  forget(room: string): void;
}

/** The rooms of one life. */
export function roomsOf(api: MatrixApi): Rooms {
  const known = new Map<string, Promise<Result<Room, MatrixFailure>>>();
  return {
    of: async (room) => {
      const asked = known.get(room) ?? ask(api, room);
      known.set(room, asked);
      for (const oldest of known.keys()) {
        if (known.size <= ROOMS_MAX) break;
        known.delete(oldest);
      }
      const answer = await asked;
      if (!answer.ok && known.get(room) === asked) known.delete(room);
      return answer;
    },
    forget: (room) => {
      known.delete(room);
    },
  };
}

async function ask(api: MatrixApi, room: string): Promise<Result<Room, MatrixFailure>> {
  const [members, encryption] = await Promise.all([
    api.get(roomPath(room, "joined_members")),
    api.get(roomPath(room, "state/m.room.encryption/")),
  ]);
  if (!members.ok) return members;
  const isGone = !encryption.ok && encryption.error.kind === "refused" && encryption.error.reason === "gone";
  if (!encryption.ok && !isGone) return err(encryption.error);
  const joined = Object.entries(objectIn(members.value, "joined"));
  const names = new Map(joined.map(([id, member]) => [id, textIn(objectOf(member), "display_name")]));
  return ok({ isEncrypted: encryption.ok, isGroup: joined.length > 2, names });
}
