/**
 * Who and where, by Slack's immutable ids. A user's id is unique within a workspace or an organisation alone,
 * so a person is `T…/U…`: the home by which they are known, and their id there.
 */
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";

/** Who the bot is, from `auth.test`. */
export interface Me {
  readonly name: string;
  readonly userId: string;
  readonly botId: string;
  readonly teamId: string;
  /** The organisation that the workspace belongs to; empty for most. */
  readonly enterpriseId: string;
}

const ID = /^[A-Z0-9]{2,30}$/;
const NAME = /^[\w.-]{1,80}$/;

/** Reads the answer of `auth.test`; `undefined` where it is none of a bot. */
export function readMe(answer: JsonObject): Me | undefined {
  const me = {
    name: textMember(answer, "user"),
    userId: textMember(answer, "user_id"),
    botId: textMember(answer, "bot_id"),
    teamId: textMember(answer, "team_id"),
    enterpriseId: textMember(answer, "enterprise_id"),
  };
  if (![me.userId, me.botId, me.teamId].every((id) => ID.test(id))) return undefined;
  return { ...me, name: NAME.test(me.name) ? me.name : "bot" };
}

/**
 * The person's id. People of the bot's own workspace or organisation have the same home in every kind of event.
 * @param teamId as the event names it; empty where it names none: then they are at home where the bot is
 */
export function personId(userId: string, teamId: string, me: Me): string {
  const own = me.enterpriseId === "" ? me.teamId : me.enterpriseId;
  const isHere = teamId === "" || teamId === me.teamId || teamId === me.enterpriseId;
  return `${isHere ? own : teamId}/${userId}`;
}

/** True for a direct conversation of one person with the bot. */
export function isDirect(channelId: string): boolean {
  return channelId.startsWith("D");
}

/** True for an id as Slack writes them. */
export function isSlackId(text: string): boolean {
  return ID.test(text);
}

/**
 * True for an event of the workspace that the bot token is of. An app that is installed in several has one
 * stream of events for all, and this instance answers for one.
 */
export function isForMe(payload: JsonObject, me: Me): boolean {
  const list = payload["authorizations"];
  if (Array.isArray(list) && list.length > 0) return list.some((one: unknown) => isMine(one, me));
  return textMember(payload, "team_id") === me.teamId;
}

/** True for the workspace, or the organisation, that the bot token is of. */
export function isAtHome(teamId: string, enterpriseId: string, me: Me): boolean {
  return teamId === me.teamId || (enterpriseId !== "" && enterpriseId === me.enterpriseId);
}

function isMine(authorization: unknown, me: Me): boolean {
  if (!isJsonObject(authorization)) return false;
  if (textMember(authorization, "team_id") === me.teamId) return true;
  const enterprise = textMember(authorization, "enterprise_id");
  return (
    authorization["is_enterprise_install"] === true && enterprise !== "" && enterprise === me.enterpriseId
  );
}

/** Slack's time stamps are seconds with a fraction that makes them unique: `1700000000.000100`. */
export function isTs(text: string): boolean {
  return /^\d{1,12}\.\d{1,6}$/.test(text);
}

/** The moment of a time stamp in Unix milliseconds; 0 for what is none. */
export function msOfTs(ts: string): number {
  return isTs(ts) ? Math.floor(Number(ts) * 1_000) : 0;
}

/** The time stamp of a moment. */
export function tsOfMs(ms: number): string {
  return `${Math.floor(ms / 1_000)}.${String(ms % 1_000).padStart(3, "0")}000`;
}
