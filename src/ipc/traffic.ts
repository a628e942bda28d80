/** Who may send which payload, as a total table. What a side never sends is refused with `direction`. */
import type { Payload, PayloadKind, PeerRole } from "#contracts/frame.ts";

interface Senders {
  readonly gateway: boolean;
  readonly roles: readonly PeerRole[];
}

const EVERYONE = ["adapter", "mcp", "signer", "console"] as const satisfies readonly PeerRole[];

export const SENDERS = {
  heartbeat: { gateway: true, roles: EVERYONE },
  chunk: { gateway: true, roles: EVERYONE },
  inbound: { gateway: false, roles: ["adapter"] },
  inboundAck: { gateway: true, roles: [] },
  outbound: { gateway: true, roles: [] },
  delivery: { gateway: false, roles: ["adapter"] },
  prompt: { gateway: true, roles: [] },
  promptClosed: { gateway: true, roles: [] },
  activity: { gateway: true, roles: [] },
  adapterState: { gateway: false, roles: ["adapter", "mcp"] },
  request: { gateway: true, roles: EVERYONE },
  response: { gateway: true, roles: EVERYONE },
  event: { gateway: true, roles: EVERYONE },
  stop: { gateway: true, roles: [] },
} as const satisfies Record<PayloadKind, Senders>;

/** True when the sender may send the payload: `"gateway"`, or a peer by its role. */
export function maySend(sender: "gateway" | PeerRole, payload: Payload): boolean {
  const row: Senders = SENDERS[payload.kind];
  return sender === "gateway" ? row.gateway : row.roles.includes(sender);
}
