/**
 * A tunnel (RFC 9110 section 9.3.6), held to TLS for its own name: nothing of the client reaches the server
 * before its greeting was read. What is said inside, the `Host` header among it, cannot be seen.
 */
import type { Duplex } from "node:stream";
import type { Clock } from "#runtime/clock.ts";
import { HELLO_BYTES_MAX, serverNameOf } from "./client-hello.ts";
import { type Bytes, pass, readUntil } from "./incoming.ts";
import { isIpLiteral } from "./public-address.ts";
import type { Refusal } from "./rule.ts";

export interface TunnelEnds {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly host: string;
  /** What the client had sent behind its request. */
  readonly rest: Uint8Array;
  readonly bytes: Bytes;
  readonly clock: Clock;
  /** For the greeting, in milliseconds. */
  readonly ms: number;
}

/** Opens the tunnel. Resolves to why it was closed instead, once that is known. */
export async function tunnel(ends: TunnelEnds): Promise<Refusal | undefined> {
  const { client, server, host, rest, bytes, clock, ms } = ends;
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  const greeting = await readUntil(client, endOfGreeting, {
    clock,
    ms,
    bytesMax: HELLO_BYTES_MAX,
    first: rest,
  });
  const refused = greeting.ok ? refusalOf(greeting.value.bytes, host) : "not_tls";
  if (refused !== undefined || !greeting.ok || !bytes.out(greeting.value.bytes.length)) {
    client.destroy();
    server.destroy();
    return refused ?? "limit";
  }
  server.write(greeting.value.bytes);
  pass(client, server, bytes.out, bytes);
  pass(server, client, bytes.in, bytes);
  return undefined;
}

/** All that came is passed on together, once it can be told what it is. */
function endOfGreeting(bytes: Uint8Array): number | undefined {
  const name = serverNameOf(bytes);
  return !name.ok && name.error === "short" ? undefined : bytes.length;
}

function refusalOf(greeting: Uint8Array, host: string): Refusal | undefined {
  const name = serverNameOf(greeting);
  if (!name.ok) return "not_tls";
  const isOwn = name.value === host || (name.value === "" && isIpLiteral(host));
  return isOwn ? undefined : "server_name";
}
