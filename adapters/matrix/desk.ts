/** Events and invitations on their way to the gateway. */
import type { Part } from "#contracts/message.ts";
import type { AdapterHost, InboundDraft } from "#kit/adapter.ts";
import { dropFiles, missingFile, takeFile } from "#kit/attachment.ts";
import { type Wild, textIn } from "#kit/json-fields.ts";
import { pause } from "#kit/pause.ts";
import { type MatrixApi, roomPath } from "./api.ts";
import type { MatrixFailure } from "./failure.ts";
import type { IdSet } from "./id-set.ts";
import { type MatrixEvent, type Me, readEvent, relatedTo } from "./inbound.ts";
import { mediaPath } from "./ids.ts";
import { meaningOf } from "./reaction.ts";
import type { Room, Rooms } from "./rooms.ts";
import type { Invitation } from "./sync.ts";
import { tellUnreadable } from "./unreadable.ts";

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30_000;

export interface DeskPorts {
  readonly host: AdapterHost;
  readonly api: MatrixApi;
  readonly rooms: Rooms;
  readonly me: Me;
  /** Whose invitation is accepted before anybody was heard. */
  readonly owner: string;
  /** People whose words the gateway recorded: it knows them. */
  readonly heard: IdSet;
  /** Encrypted rooms where it was said. */
  readonly told: IdSet;
  readonly signal: AbortSignal;
}

export interface Desk {
  /** Hands an event on; true once it is safe with the gateway, or nobody's word. */
  handOn(room: string, event: Wild): Promise<boolean>;
  /** A room is encrypted. */
  encrypted(room: string): Promise<boolean>;
  /**
   * Joins for people who are known, and declines for all others: nothing can be said to them before
   * joining.
   */
  invited(invitation: Invitation): Promise<void>;
}

/** The desk of one life. */
export function inboundDesk(ports: DeskPorts): Desk {
  const { host, api, rooms, me, owner, heard } = ports;
  return {
    handOn: async (roomId, event) => {
      const type = textIn(event, "type");
      if (type === "m.room.member" || type === "m.room.encryption") rooms.forget(roomId);
      if (type !== "m.room.message" && type !== "m.reaction" && type !== "m.room.encrypted") return true;
      if (textIn(event, "sender") === me.id) return true;
      const room = await insist(() => rooms.of(roomId), ports);
      if (room === "stopping") return false;
      if (room === undefined) return true; // the bot is no longer in it
      if (room.isEncrypted || type === "m.room.encrypted") {
        await tellUnreadable(ports, roomId);
        return true;
      }
      const read = await readWhole(ports, roomId, room, event);
      if (read === "stopping") return false;
      return read === undefined ? true : await pass(ports, read);
    },
    encrypted: async (room) => {
      rooms.forget(room);
      await tellUnreadable(ports, room);
      return true;
    },
    invited: async ({ room, from }) => {
      const isKnown = from === owner || heard.has(from);
      const answer = await api.post(roomPath(room, isKnown ? "join" : "leave"), {});
      if (!isKnown) host.log.info("an invitation of somebody unknown was declined");
      if (!answer.ok) host.log.warn("an invitation could not be answered", { failure: answer.error.kind });
    },
  };
}

/** The event with what it answers or replaces, asked for where it says so. */
async function readWhole(
  ports: DeskPorts,
  roomId: string,
  room: Room,
  event: Wild,
): Promise<MatrixEvent | undefined | "stopping"> {
  const id = relatedTo(event);
  const path = roomPath(roomId, `event/${encodeURIComponent(id)}`);
  const related = id === "" ? undefined : await insist(() => ports.api.get(path), ports);
  if (related === "stopping") return related;
  return readEvent(event, { roomId, room, me: ports.me, related });
}

async function pass({ host, api, heard }: DeskPorts, { draft, file }: MatrixEvent): Promise<boolean> {
  const meant = draft.kind === "reaction" ? await meaningOf(draft, host.state) : draft;
  if (meant === undefined) return true;
  const files: Part[] = [];
  if (file !== undefined) {
    const isPlain = mediaPath(file.address) !== undefined;
    files.push(
      isPlain ? await takeFile(file, () => api.file(file.address), host.spool) : missingFile("not reachable"),
    );
  }
  const whole: InboundDraft = { ...meant, parts: [...meant.parts, ...files] };
  const ack = await host.inbound(whole);
  if (!ack.ok) return false; // the connection is gone: the next life asks for it again
  if (ack.value === "recorded" && !heard.has(meant.senderId)) await heard.add(meant.senderId);
  if (ack.value !== "recorded") await dropFiles(files, host.spool);
  return true;
}

/**
 * Asks until there is an answer: a message must not be lost for a moment's trouble. `undefined` for a
 * refusal.
 */
async function insist<T>(
  call: () => Promise<{ ok: true; value: T } | { ok: false; error: MatrixFailure }>,
  { host, signal }: DeskPorts,
): Promise<T | undefined | "stopping"> {
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  for (;;) {
    const answer = await call();
    if (answer.ok) return answer.value;
    if (answer.error.kind === "refused") return undefined;
    const wait = answer.error.kind === "rate" ? answer.error.afterMs : waits.next();
    if (!(await pause(host.clock, wait, signal))) return "stopping";
  }
}
