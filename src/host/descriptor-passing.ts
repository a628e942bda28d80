/**
 * Hands an open descriptor to another process over a connected Unix socket (unix(7), SCM_RIGHTS): how a
 * listener that was made in a network of its own comes to the process that serves it. Linux, 64 bits.
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
const TAG_BYTES = 4;

/** Buffers of one message: they must stay referenced as long as the header is used. */
interface Message {
  readonly header: Uint8Array;
  readonly control: Uint8Array;
  /** What goes with the descriptor: an unsigned number. */
  readonly tag: Uint8Array;
  readonly vector: Uint8Array;
}

/**
 * An explicit buffer: a small array may change its place when its buffer is asked for, and addresses are
 * taken here.
 */
function memory(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(bytes));
}

function messageOf(control: Uint8Array): Message {
  const tag = memory(TAG_BYTES); // a message without bytes carries no descriptor
  const vector = memory(16);
  const vectorView = new DataView(vector.buffer);
  vectorView.setBigUint64(0, addressOf(tag), true);
  vectorView.setBigUint64(8, BigInt(TAG_BYTES), true);
  const header = memory(56);
  const view = new DataView(header.buffer);
  view.setBigUint64(16, addressOf(vector), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, addressOf(control), true);
  view.setBigUint64(40, BigInt(control.length), true);
  return { header, control, tag, vector };
}

/**
 * Sends `descriptor` over `socket` with a number of 32 bits; it stays open here. False when it could not be
 * sent.
 */
export function sendDescriptor(libc: Libc, socket: number, descriptor: number, tag: number): boolean {
  const control = memory(CONTROL_ROOM);
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(CONTROL_LENGTH), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  view.setInt32(16, descriptor, true);
  const message = messageOf(control);
  new DataView(message.tag.buffer).setUint32(0, tag, true);
  return libc.call("sendmsg", socket, message.header, 0).value === TAG_BYTES;
}

/** A descriptor of another process, and the number that came with it. */
export interface Handed {
  readonly descriptor: number;
  readonly tag: number;
}

/**
 * Takes a descriptor that was sent over `socket`, closed on exec, without waiting. `undefined` while there
 * is none, and for whatever else came.
 */
export function receiveDescriptor(libc: Libc, socket: number): Handed | undefined {
  const control = memory(CONTROL_ROOM);
  const message = messageOf(control);
  const got = libc.call("recvmsg", socket, message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got.value < 1) return undefined;
  const view = new DataView(control.buffer);
  const isOne =
    view.getBigUint64(0, true) === BigInt(CONTROL_LENGTH) &&
    view.getInt32(8, true) === SOL_SOCKET &&
    view.getInt32(12, true) === SCM_RIGHTS;
  if (!isOne) return undefined; // the room holds one descriptor: the kernel closes what does not fit
  const descriptor = view.getInt32(16, true);
  const flags = new DataView(message.header.buffer).getInt32(HEADER_FLAGS_AT, true);
  const tag = new DataView(message.tag.buffer).getUint32(0, true);
  if ((flags & MSG_CTRUNC) === 0 && got.value === TAG_BYTES) return { descriptor, tag };
  libc.call("close", descriptor);
  return undefined;
}
