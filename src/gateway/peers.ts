/**
 * What a connected peer is wired to, by its role: adapters to ingress, pages to the page desk, the MCP proxy to
 * its desk, the signer to its port.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE, parseInstanceId } from "#contracts/ids.ts";
import type { TurnEvent } from "#contracts/page-api.ts";
import type { Result } from "#contracts/result.ts";
import { unreachable } from "#contracts/result.ts";
import type { PeerConnection } from "#ipc/gateway-session.ts";
import type { Parts } from "./compose.ts";
import type { EventScope } from "./events.ts";
import type { AdapterLink } from "./adapter-links.ts";
import type { PageCaller, PageDesk } from "./pages.ts";

/** Wires a peer whose handshake has passed. The signer is wired elsewhere: it is needed before the log is open. */
export function attachPeer(peer: PeerConnection, parts: Parts, pages: PageDesk): void {
  switch (peer.peer.role) {
    case "adapter":
      attachAdapter(peer, parts, pages);
      return;
    case "console":
      attachConsole(peer, parts, pages);
      return;
    case "mcp":
      attachMcp(peer, parts);
      return;
    case "signer":
      peer.connection.close(); // it has its own way
      return;
    default:
      unreachable(peer.peer.role);
  }
}

function attachAdapter(peer: PeerConnection, parts: Parts, pages: PageDesk): void {
  const { connection, channel } = peer;
  const instance = parseInstanceId(peer.peer.instance);
  if (channel === undefined || !instance.ok) {
    connection.close();
    return;
  }
  const link: AdapterLink = {
    channel,
    instance: instance.value,
    send: (payload) => connection.send(payload).ok,
  };
  const source = {
    link,
    publicKey: peer.peer.publicKey,
    drop: (reason: "window") => connection.close(reason),
    requireMatch: (claimed: string, claimedInstance: string) =>
      peer.requireMatch(claimed, claimedInstance) ?? channel.requireMatch(claimed, claimedInstance),
  };
  const ends: (() => void)[] = [];
  // Only the web chat shows streams and has pages; another adapter that asks for them is refused.
  const isPage = channel.channel === "webchat";
  const caller: PageCaller = { page: "chat", peerId: peer.peer.peerId, instance: instance.value };
  if (isPage) ends.push(streamTo(peer, parts, { kind: "instance", instance: instance.value }));
  // Before it is listened to: what it said early, such as the state of its platform, must not be overwritten.
  ends.push(parts.links.attach(link));
  connection.listen({
    onPayload: (payload, evidence) => parts.ingress.take(source, payload, evidence),
    onRequest: (method, body) => (isPage ? pages.serve(caller, method, body) : noPages()),
    onClose: (reason) => {
      for (const end of ends) end();
      noteEnd(parts, peer.peer.peerId, reason);
    },
  });
}

function attachConsole(peer: PeerConnection, parts: Parts, pages: PageDesk): void {
  const end = streamTo(peer, parts, { kind: "operator" });
  const caller: PageCaller = { page: "console", peerId: peer.peer.peerId, instance: undefined };
  peer.connection.listen({
    onPayload: () => undefined, // a console has nothing to say that is not a request
    onRequest: (method, body) => pages.serve(caller, method, body),
    onClose: (reason) => {
      end();
      noteEnd(parts, peer.peer.peerId, reason);
    },
  });
}

function attachMcp(peer: PeerConnection, parts: Parts): void {
  const { link } = parts.mcp;
  const end = link.attach(peer.connection);
  peer.connection.listen({
    onPayload: (payload) => {
      if (payload.kind === "event") link.take(payload.name, payload.body);
    },
    onRequest: (method, body) => link.serve(method, body),
    onClose: (reason) => {
      end();
      noteEnd(parts, peer.peer.peerId, reason);
    },
  });
}

function streamTo(peer: PeerConnection, parts: Parts, scope: EventScope): () => void {
  return parts.hub.subscribe(scope, (event: TurnEvent) => {
    peer.connection.send({ kind: "event", name: "turn", body: JSON.stringify(event) });
  });
}

/** A connection that ended because its peer broke the protocol, or lied too often, is a row. */
function noteEnd(parts: Parts, peerId: string, reason: string): void {
  const orderly = ["closed_here", "closed_there", "silence"].includes(reason);
  const kind = orderly ? "adapter_state" : "frame_refused";
  const payload = orderly
    ? { role: peerId, state: "disconnected", code: reason }
    : { peer: peerId, rule: reason };
  parts.world.journal
    .append([{ session: GATEWAY_LANE, kind, trust: "system", payload }])
    .catch((error: unknown) =>
      parts.world.log.warn("gateway.row_lost", { kind, name: String(error instanceof Error) }),
    );
}

function noPages(): Promise<Result<string, Fault>> {
  return Promise.resolve(fail("refused", "this connection has no pages", { reason: "no_pages" }));
}
