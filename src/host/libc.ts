/**
 * System calls through bun:ffi, for what the runtime does not offer: Landlock, seccomp, openat2, SO_PEERCRED, execve.
 * Linux on x86-64 and arm64, glibc and musl; elsewhere `loadLibc` answers `undefined` and callers say what is missing.
 */
import { FFIType, dlopen, ptr, read } from "bun:ffi";
import { type Architecture, type SyscallName, architecture, syscallNumber } from "./syscalls.ts";

/** A number, or memory whose address is passed. */
export type SyscallArgument = number | bigint | Uint8Array | BigUint64Array;

export interface Answer {
  /** The call's result; −1 when it failed. */
  readonly value: number;
  /** Zero when it did not fail. */
  readonly errno: number;
}

export interface Libc {
  readonly arch: Architecture;
  /** Performs a system call. Buffers stay referenced until it has returned. */
  call(name: SyscallName, ...args: readonly SyscallArgument[]): Answer;
}

const MUSL = { x64: "libc.musl-x86_64.so.1", arm64: "libc.musl-aarch64.so.1" } as const;
const ARGUMENTS = 6;

/** Opens the C library. A new binding each time: callers load once and pass it on. */
export function loadLibc(): Libc | undefined {
  const arch = architecture();
  if (process.platform !== "linux" || arch === undefined) return undefined;
  for (const name of ["libc.so.6", MUSL[arch]]) {
    try {
      return bind(name, arch);
    } catch {
      continue; // the other C library's name
    }
  }
  return undefined;
}

function bind(name: string, arch: Architecture): Libc {
  const i64 = FFIType.i64;
  const library = dlopen(name, {
    // Variadic in C; on both architectures integer arguments of a variadic call travel in the same registers.
    syscall: { args: [i64, i64, i64, i64, i64, i64, i64], returns: i64 },
    __errno_location: { args: [], returns: FFIType.ptr },
  });
  return {
    arch,
    call: (call, ...args) => {
      const padded = Array.from({ length: ARGUMENTS }, (_, index) => wordOf(args[index] ?? 0));
      const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n] = padded;
      const value = Number(library.symbols.syscall(BigInt(syscallNumber(call, arch)), a, b, c, d, e, f));
      const location = library.symbols.__errno_location();
      const errno = value < 0 && location !== null ? read.i32(location, 0) : 0;
      return { value, errno };
    },
  };
}

function wordOf(argument: SyscallArgument): bigint {
  if (typeof argument === "bigint") return argument;
  if (typeof argument === "number") return BigInt(argument);
  return argument.byteLength === 0 ? 0n : BigInt(ptr(argument));
}

/** A NUL-terminated string. @throws TypeError when the text holds a NUL itself. */
export function cString(text: string): Uint8Array {
  if (text.includes("\0")) throw new TypeError("a NUL inside a C string");
  return new TextEncoder().encode(`${text}\0`);
}

/** A NULL-terminated array of pointers to `strings`, which must stay referenced as long as it is used. */
export function pointerArray(strings: readonly Uint8Array[]): BigUint64Array {
  const array = new BigUint64Array(strings.length + 1);
  strings.forEach((text, index) => {
    array[index] = BigInt(ptr(text));
  });
  return array;
}

/** The address of a buffer, for a structure that holds a pointer. */
export function addressOf(buffer: Uint8Array): bigint {
  return BigInt(ptr(buffer));
}
