/**
 * A connected pair of stream sockets, for a link that a child inherits. Apart from `libc.ts` because it is needed where
 * system calls cannot be made by number: macOS has stable names, not stable numbers.
 */
import { FFIType, dlopen } from "bun:ffi";
import { loadLibc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const DARWIN_LIBRARY = "libSystem.B.dylib";

/**
 * Makes a pair. Neither end is inherited unless it is handed on: by SOCK_CLOEXEC on Linux, on macOS because the
 * runtime's spawn closes what it was not given. `undefined` on a system without such pairs.
 */
export function socketPair(): readonly [number, number] | undefined {
  const ends = new Int32Array(2);
  const made = process.platform === "darwin" ? byName(DARWIN_LIBRARY, ends) : byNumber(ends);
  const [own = -1, child = -1] = ends;
  return made ? [own, child] : undefined;
}

function byNumber(ends: Int32Array): boolean {
  const libc = loadLibc();
  const room = new Uint8Array(ends.buffer);
  return (
    libc !== undefined && libc.call("socketpair", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, room).value === 0
  );
}

/** Through the C library's own symbol. */
export function byName(library: string, ends: Int32Array): boolean {
  const { i32, ptr } = FFIType;
  const opened = dlopen(library, { socketpair: { args: [i32, i32, i32, ptr], returns: i32 } });
  return opened.symbols.socketpair(AF_UNIX, SOCK_STREAM, 0, ends) === 0;
}
