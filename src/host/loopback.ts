/** The loopback of the network that this process is in: raised where it is new, listened on. Linux. */
import { type Libc, cString } from "./libc.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const FLAGS_AT = 16;
const BACKLOG = 64;

/** A listening socket on 127.0.0.1, closed on exec, that belongs to the network it was made in. */
export interface LoopbackListener {
  readonly descriptor: number;
  readonly port: number;
}

/** Brings `lo` up; a new network has it down. Needs the right over that network. False when that is missing. */
export function raiseLoopback(libc: Libc): boolean {
  const socket = libc.call("socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0).value;
  if (socket < 0) return false;
  const request = new Uint8Array(40); // struct ifreq
  request.set(cString("lo"));
  const view = new DataView(request.buffer);
  const read = libc.call("ioctl", socket, SIOCGIFFLAGS, request).value === 0;
  view.setInt16(FLAGS_AT, view.getInt16(FLAGS_AT, true) | IFF_UP, true);
  const raised = read && libc.call("ioctl", socket, SIOCSIFFLAGS, request).value === 0;
  libc.call("close", socket);
  return raised;
}

/** Listens on `port` of 127.0.0.1; 0: a free one. `undefined` when it cannot. */
export function loopbackListener(libc: Libc, port = 0): LoopbackListener | undefined {
  const descriptor = libc.call("socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0).value;
  if (descriptor < 0) return undefined;
  const address = new Uint8Array(16); // struct sockaddr_in
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port); // network order, like the address
  view.setUint32(4, 0x7f000001);
  const length = new Uint8Array(Int32Array.of(address.length).buffer);
  const listens =
    libc.call("bind", descriptor, address, address.length).value === 0 &&
    libc.call("listen", descriptor, BACKLOG).value === 0 &&
    libc.call("getsockname", descriptor, address, length).value === 0;
  if (listens) return { descriptor, port: view.getUint16(2) };
  libc.call("close", descriptor);
  return undefined;
}
