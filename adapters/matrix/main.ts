/**
 * Matrix as an adapter: the client-server API (https://spec.matrix.org/v1.11/client-server-api/), rooms
 * without encryption. Credentials: `token`, an access token of the bot's account; `owner`, whose
 * invitations are accepted from the beginning. Settings: `api-base`, the homeserver.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "#kit/adapter.ts";
import { parseBaseUrl } from "#kit/base-url.ts";
import { textIn } from "#kit/json-fields.ts";
import { pause } from "#kit/pause.ts";
import { type PlatformFetch, platformFetch } from "#kit/platform-fetch.ts";
import { typingSigns } from "#kit/typing.ts";
import { type MatrixApi, matrixApi, roomPath } from "./api.ts";
import { inboundDesk } from "./desk.ts";
import { openIdSet } from "./id-set.ts";
import { isRoomId, isUserId } from "./ids.ts";
import type { Me } from "./inbound.ts";
import { closePrompt, renderAnswer, sendPiece, sendPrompt } from "./outbound.ts";
import { receiveAll } from "./receive.ts";
import { type Rooms, roomsOf } from "./rooms.ts";
import { type Trouble, refusedSentence, troubleDesk } from "./trouble.ts";

const TYPING_MS = 20_000;
const TYPING_SHOWN_MS = 30_000;
const STATE_RETRY_MS = 60_000;
const PEOPLE_MAX = 2_000;
const ROOMS_MAX = 2_000;
const TOKEN = /^[\x21-\x7e]{8,1024}$/;

/** The definition that the kit runs, over the runtime's fetch. */
export const matrix: AdapterDefinition = matrixWith((url, init) => fetch(url, init));

/** The same over a `fetch` that is passed in; the configured proxy and certificates are put around it. */
export function matrixWith(base: PlatformFetch): AdapterDefinition {
  return {
    channel: "matrix",
    pacing: { burst: 5, refill_ms: 1_000 }, // below what homeservers allow out of the box
    make: (host, handoff) => {
      const token = handoff.secret("token");
      if (token === undefined || !token.use((text) => TOKEN.test(text))) {
        return fail("auth", "the access token is missing or has not the shape of one", {
          hint: "wirken credentials rotate",
        });
      }
      const owner = handoff.secret("owner")?.use((text) => (isUserId(text) ? text : undefined));
      if (owner === undefined) {
        return fail("auth", "the owner's id is missing or has not the shape of one", {
          hint: "wirken channel add matrix stores it: @name:server",
        });
      }
      const named = handoff.setting("api-base");
      if (named === undefined) {
        return fail("config", "config.json does not say where the homeserver is", {
          hint: "wirken channel add matrix --api-base https://…",
        });
      }
      const root = parseBaseUrl(named);
      if (!root.ok) return root;
      const stop = new AbortController();
      const fetch = platformFetch(base, handoff);
      const api = matrixApi({ token, root: root.value, fetch, clock: host.clock, signal: stop.signal });
      return ok(adapterOf({ host, api, owner, stop }));
    },
  };
}

interface Parts {
  readonly host: AdapterHost;
  readonly api: MatrixApi;
  readonly owner: string;
  readonly stop: AbortController;
}

function adapterOf({ host, api: bare, owner, stop }: Parts): Adapter {
  const api = watched(host, bare);
  const rooms = roomsOf(api);
  const ports = { api, rooms };
  let own = "";
  const type = (room: string, typing: boolean): void => {
    if (own === "" || !isRoomId(room)) return;
    const path = roomPath(room, `typing/${encodeURIComponent(own)}`);
    void api.put(path, typing ? { typing, timeout: TYPING_SHOWN_MS } : { typing });
  };
  const signs = typingSigns(host.clock, TYPING_MS, ({ conversation }) => type(conversation, true));
  return {
    run: async (signal) => {
      signal.addEventListener("abort", () => {
        signs.stop();
        stop.abort();
      });
      const trouble = troubleDesk(host, signal);
      while (!signal.aborted) {
        const me = await greet(api, trouble, signal);
        if (me === undefined) return;
        own = me.id;
        const ended = await receive({ host, api, owner, rooms, me, trouble, signal });
        if (ended.ok) continue;
        host.report("degraded", ended.error.message);
        await pause(host.clock, STATE_RETRY_MS, signal);
      }
    },
    render: renderAnswer,
    send: (piece, to, key) => sendPiece(ports, piece, to, key),
    prompt: (prompt) => sendPrompt(ports, prompt),
    promptClosed: (closed, shown) => closePrompt(ports, closed, shown),
    activity: (place, working) => {
      signs.set(place, working);
      if (!working) type(place.conversation, false);
    },
  };
}

/** A token that is refused is reported the moment it is seen, also by a send. */
function watched(host: AdapterHost, api: MatrixApi): MatrixApi {
  return {
    ...api,
    put: async (path, body) => {
      const answer = await api.put(path, body);
      if (!answer.ok && answer.error.kind === "auth")
        host.report("rejected", refusedSentence(answer.error.soft));
      return answer;
    },
  };
}

/** Learns the bot's own id and name; `undefined` when the adapter stops first. */
async function greet(api: MatrixApi, trouble: Trouble, signal: AbortSignal): Promise<Me | undefined> {
  while (!signal.aborted) {
    const me = await api.get("v3/account/whoami");
    const id = me.ok ? textIn(me.value, "user_id") : "";
    if (isUserId(id)) {
      const profile = await api.get(`v3/profile/${encodeURIComponent(id)}/displayname`);
      return { id, name: profile.ok ? textIn(profile.value, "displayname") : "" };
    }
    if (!(await trouble.meet(me.ok ? { kind: "unsure" } : me.error))) return undefined;
  }
  return undefined;
}

interface Receiving extends Omit<Parts, "stop"> {
  readonly rooms: Rooms;
  readonly me: Me;
  readonly trouble: Trouble;
  readonly signal: AbortSignal;
}

/** Receives until the token is refused or the adapter stops. A fault is the state folder's. */
async function receive({
  host,
  api,
  owner,
  rooms,
  me,
  trouble,
  signal,
}: Receiving): Promise<Result<void, Fault>> {
  const heard = await openIdSet(host.state, "heard", PEOPLE_MAX);
  if (!heard.ok) return heard;
  const told = await openIdSet(host.state, "unreadable", ROOMS_MAX);
  if (!told.ok) return told;
  const desk = inboundDesk({ host, api, rooms, me, owner, heard: heard.value, told: told.value, signal });
  return await receiveAll({
    host,
    api,
    desk,
    me: me.id,
    signal,
    onFailure: async (failure) => (await trouble.meet(failure)) && failure.kind !== "auth",
    onSuccess: () => {
      trouble.over();
      const { size } = told.value;
      host.report(
        "ready",
        size === 0 ? me.id : `${me.id}; encrypted rooms that it cannot read: ${String(size)}`,
      );
    },
  });
}
