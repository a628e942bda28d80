/** Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made (SO_PEERCRED). */
import type { Libc } from "./libc.ts";

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;

/** The peer's process and user; `undefined` where the system cannot tell or the descriptor is no Unix socket. */
export function peerCredentials(libc: Libc | undefined, descriptor: number): PeerCredentials | undefined {
  if (libc === undefined) return undefined;
  const credentials = new Uint8Array(UCRED_BYTES);
  const length = new Uint8Array(Uint32Array.of(UCRED_BYTES).buffer);
  const answer = libc.call("getsockopt", descriptor, SOL_SOCKET, SO_PEERCRED, credentials, length);
  if (answer.value !== 0) return undefined;
  const [pid = 0, uid = 0, gid = 0] = new Uint32Array(credentials.buffer);
  return pid === 0 ? undefined : { pid, uid, gid }; // pid 0: a peer outside our PID namespace
}
