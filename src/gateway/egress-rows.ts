/** `egress`: what a call asked of the network, and the broker's verdict. The host is text, so it stands in `content`. */
import type { EgressVerdict } from "#broker/broker.ts";
import type { NewRow } from "#contracts/audit-event.ts";
import { type CallId, GATEWAY_LANE } from "#contracts/ids.ts";
import type { McpEgress } from "#contracts/mcp.ts";
import type { TurnFacts } from "./turn-facts.ts";

/** One row a verdict; durable before anything goes out. */
export function egressRow({ handle, turn }: TurnFacts, call: CallId, seen: EgressVerdict): NewRow {
  const { verdict, reason, method, port, credential, host } = seen;
  return {
    session: handle.session,
    kind: "egress",
    trust: "system",
    payload: { turn, call, verdict, reason, method, port, credential },
    content: { host },
  };
}

/** The same for the program of an MCP server, which belongs to no call; `more`: it counts further refusals. */
export function serverEgressRow(seen: McpEgress, more?: number): NewRow {
  const { host, ...payload } = seen;
  const base = { session: GATEWAY_LANE, kind: "egress", trust: "system" } as const;
  if (more === undefined) return { ...base, payload, content: { host } };
  return { ...base, payload: { ...payload, reason: "limit", method: "", port: 0, more } };
}
