/**
 * Hands an open descriptor to another process over a connected Unix socket (unix(7), SCM_RIGHTS): how a listener that
 * was made in a network of its own comes to the process that serves it. Linux, 64 bits.
 */
import { type Libc, addressOf } from "./libc.ts";

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_CTRUNC = 0x8;
/** struct cmsghdr with one int, and its room with padding. */
const CONTROL_LENGTH = 20;
const CONTROL_ROOM = 24;
const HEADER_FLAGS_AT = 48;

/** Buffers of one message: they must stay referenced as long as the header is used. */
interface Message {
  readonly header: Uint8Array;
  readonly control: Uint8Array;
  readonly parts: readonly Uint8Array[];
}

function messageOf(control: Uint8Array): Message {
  const byte = new Uint8Array(1); // a message without a byte carries no descriptor
  const vector = new Uint8Array(16);
  const vectorView = new DataView(vector.buffer);
  vectorView.setBigUint64(0, addressOf(byte), true);
  vectorView.setBigUint64(8, 1n, true);
  const header = new Uint8Array(56);
  const view = new DataView(header.buffer);
  view.setBigUint64(16, addressOf(vector), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, addressOf(control), true);
  view.setBigUint64(40, BigInt(control.length), true);
  return { header, control, parts: [byte, vector] };
}

/** Sends `descriptor` over `socket`; it stays open here. False when it could not be sent. */
export function sendDescriptor(libc: Libc, socket: number, descriptor: number): boolean {
  const control = new Uint8Array(CONTROL_ROOM);
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(CONTROL_LENGTH), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  view.setInt32(16, descriptor, true);
  const message = messageOf(control);
  return libc.call("sendmsg", socket, message.header, 0).value === message.parts[0]?.length;
}

/**
 * Takes a descriptor that was sent over `socket`, closed on exec, without waiting. `undefined` while there is none, and
 * for whatever else came.
 */
export function receiveDescriptor(libc: Libc, socket: number): number | undefined {
  const control = new Uint8Array(CONTROL_ROOM);
  const message = messageOf(control);
  const got = libc.call("recvmsg", socket, message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got.value !== 1) return undefined;
  const view = new DataView(control.buffer);
  const isOne =
    view.getBigUint64(0, true) === BigInt(CONTROL_LENGTH) &&
    view.getInt32(8, true) === SOL_SOCKET &&
    view.getInt32(12, true) === SCM_RIGHTS;
  if (!isOne) return undefined; // the room holds one descriptor: the kernel closes what does not fit
  const descriptor = view.getInt32(16, true);
  const flags = new DataView(message.header.buffer).getInt32(HEADER_FLAGS_AT, true);
  if ((flags & MSG_CTRUNC) === 0) return descriptor;
  libc.call("close", descriptor);
  return undefined;
}
