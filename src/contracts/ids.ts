/**
 * Branded ids and their one parser each. Ids that name a person, a conversation, a call or an approval are ours and
 * random: nobody's name is hashed in the clear (docs/formats/audit.md).
 */
import { type Brand, stamp } from "./brand.ts";
import { type Result, err, ok } from "./result.ts";

/** `[a-z0-9][a-z0-9-]{0,31}`: the name of an agent. */
export type AgentId = Brand<string, "AgentId">;
/** Channel kind or `kind:name`, e.g. `telegram`, `slack:eu`. */
export type InstanceId = Brand<string, "InstanceId">;
/** `c-` and 26 base32 characters: a conversation. */
export type ConversationId = Brand<string, "ConversationId">;
/** `p-` and 26 base32 characters: a person. */
export type PersonId = Brand<string, "PersonId">;
/** `k-` and 26 base32 characters: one tool call, ours, never the provider's id. */
export type CallId = Brand<string, "CallId">;
/** `a-` and 26 base32 characters: one approval request. */
export type ApprovalId = Brand<string, "ApprovalId">;
/** `t-` and 26 base32 characters: one turn. */
export type TurnId = Brand<string, "TurnId">;
/** `o-` and 26 base32 characters: one outbound message. */
export type OutboundId = Brand<string, "OutboundId">;
/** `g-` and 26 base32 characters: one stored grant. */
export type GrantId = Brand<string, "GrantId">;
/** `agent/instance/c-…`, or a lane: `_log`, `_gateway`. */
export type SessionId = Brand<string, "SessionId">;
/** A role's connection name: `signer`, `console`, `telegram`, `slack:eu`. */
export type PeerId = Brand<string, "PeerId">;

const AGENT = /^[a-z0-9][a-z0-9-]{0,31}$/;
const INSTANCE = /^[a-z]{2,16}(:[a-z0-9][a-z0-9-]{0,31})?$/;
const RANDOM_BODY = "[a-z2-7]{26}";
const LANE = /^_(log|gateway)$/;
const SESSION = new RegExp(
  `^[a-z0-9][a-z0-9-]{0,31}/[a-z]{2,16}(:[a-z0-9][a-z0-9-]{0,31})?/c-${RANDOM_BODY}$`,
);
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** The lane of the log itself: keys, checkpoints, identities. */
export const LOG_LANE: SessionId = stamp<SessionId>("_log");
/** The lane of the gateway: start and stop, peers, configuration, refusals. */
export const GATEWAY_LANE: SessionId = stamp<SessionId>("_gateway");

export function parseAgentId(text: string): Result<AgentId, "agent_id"> {
  return AGENT.test(text) ? ok(stamp<AgentId>(text)) : err("agent_id");
}
export function parseInstanceId(text: string): Result<InstanceId, "instance_id"> {
  return INSTANCE.test(text) ? ok(stamp<InstanceId>(text)) : err("instance_id");
}
export function parsePeerId(text: string): Result<PeerId, "peer_id"> {
  return INSTANCE.test(text) ? ok(stamp<PeerId>(text)) : err("peer_id");
}
export function parseSessionId(text: string): Result<SessionId, "session_id"> {
  return SESSION.test(text) || LANE.test(text) ? ok(stamp<SessionId>(text)) : err("session_id");
}
export const parseConversationId = parserOf<ConversationId, "conversation_id">("c", "conversation_id");
export const parsePersonId = parserOf<PersonId, "person_id">("p", "person_id");
export const parseCallId = parserOf<CallId, "call_id">("k", "call_id");
export const parseApprovalId = parserOf<ApprovalId, "approval_id">("a", "approval_id");
export const parseTurnId = parserOf<TurnId, "turn_id">("t", "turn_id");
export const parseOutboundId = parserOf<OutboundId, "outbound_id">("o", "outbound_id");
export const parseGrantId = parserOf<GrantId, "grant_id">("g", "grant_id");

export const newConversationId = makerOf<ConversationId>("c");
export const newPersonId = makerOf<PersonId>("p");
export const newCallId = makerOf<CallId>("k");
export const newApprovalId = makerOf<ApprovalId>("a");
export const newTurnId = makerOf<TurnId>("t");
export const newOutboundId = makerOf<OutboundId>("o");
export const newGrantId = makerOf<GrantId>("g");

/** The session of a conversation: its agent, the instance it came through, its random id. */
export function sessionIdOf(agent: AgentId, instance: InstanceId, conversation: ConversationId): SessionId {
  return stamp<SessionId>(`${agent}/${instance}/${conversation}`);
}

/** The parts of a conversation's session id; `undefined` for a lane. */
export function partsOfSession(
  session: SessionId,
): { agent: AgentId; instance: InstanceId; conversation: ConversationId } | undefined {
  const [agent, instance, conversation] = session.split("/");
  if (agent === undefined || instance === undefined || conversation === undefined) return undefined;
  return {
    agent: stamp<AgentId>(agent),
    instance: stamp<InstanceId>(instance),
    conversation: stamp<ConversationId>(conversation),
  };
}

function parserOf<B extends Brand<string, string>, E extends string>(letter: string, code: E) {
  const pattern = new RegExp(`^${letter}-${RANDOM_BODY}$`);
  return (text: string): Result<B, E> => (pattern.test(text) ? ok(stamp<B>(text)) : err(code));
}

/** 16 random bytes as 26 base32 characters (RFC 4648 alphabet, lower case, no padding). */
function makerOf<B extends Brand<string, string>>(letter: string) {
  return (randomBytes: (count: number) => Uint8Array): B => {
    let bits = 0;
    let value = 0;
    let text = "";
    for (const byte of randomBytes(16)) {
      value = (value << 8) | byte;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text += BASE32[(value >>> bits) & 31];
      }
      value &= 0xff;
    }
    text += BASE32[(value << (5 - bits)) & 31];
    return stamp<B>(`${letter}-${text}`);
  };
}
