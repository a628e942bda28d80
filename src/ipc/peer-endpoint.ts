/**
 * Where a peer finds the gateway: on the descriptor that its launch stub dialled, or, on a system without a stub, at a
 * path that the keeper hands over.
 */
import { LINK_FD } from "#contracts/handoff.ts";
import { handedText } from "#contracts/role.ts";
import type { SecretBytes } from "#contracts/secret.ts";

/** The endpoint that a peer's hand-off names. */
export function peerEndpoint(handoff: ReadonlyMap<string, SecretBytes>): { fd: number } | { path: string } {
  const path = handedText(handoff, "gateway-socket");
  return path === undefined ? { fd: LINK_FD } : { path };
}
