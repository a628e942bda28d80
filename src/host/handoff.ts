/**
 * Secrets on their way to a child: over its stdin, once (docs/formats/handoff.md).
 * `"wirken-handoff-v1\n" ‖ u32 count ‖ count × (lp(name) ‖ lp(value))`, big-endian, at most 64 KiB, then end of file.
 * Both sides know the names as data (contracts/handoff.ts): one that ends in `:` is a prefix.
 * A breach is fault `config`, which ends the child with exit 78.
 */
import { closeSync, readSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { writeFully } from "./files.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { makePipe, pipeBytes } from "./process-control.ts";
import type { Child } from "./spawn.ts";

const MAGIC = new TextEncoder().encode("wirken-handoff-v1\n");
const U32_BYTES = 4;

/** True when `names` cover `name`: the name itself, or an entry that ends in `:` and begins it. */
function covers(names: readonly string[], name: string): boolean {
  return names.some((known) => (known.endsWith(":") ? name.startsWith(known) : name === known));
}

/** What a child was handed, by name. The receiver owns the values. */
export type Handoff = Map<string, SecretBytes>;

/**
 * Sends `entries` and ends the child's stdin. `names` are those of the child's plan;
 * one that ends in `:` is a prefix.
 * Fails with `config` for a name outside the plan, `limit` above 64 KiB, `io` when the child no longer reads.
 */
export async function writeHandoff(
  child: Pick<Child, "write" | "endInput">,
  entries: ReadonlyMap<string, SecretBytes>,
  names: readonly string[],
): Promise<Result<void, Fault>> {
  const encoded = encodeHandoff(entries, names);
  if (!encoded.ok) return encoded;
  try {
    const taken = await child.write(encoded.value);
    await child.endInput();
    return taken ? ok(undefined) : fail("io", "the child did not take its hand-off");
  } finally {
    encoded.value.fill(0);
  }
}

/**
 * A descriptor from which the whole hand-off can be read, to its end: the bytes go from their one buffer,
 * which is zeroed, into the kernel's pipe, and no stream of the runtime keeps a copy. The caller closes it
 * once the child has it.
 * `undefined` where this system has no such pipe, or one too small to take everything at once.
 */
export function pipedHandoff(
  entries: ReadonlyMap<string, SecretBytes>,
  names: readonly string[],
  libc: Libc | undefined = loadLibc(),
): Result<number | undefined, Fault> {
  if (libc === undefined) return ok(undefined);
  const encoded = encodeHandoff(entries, names);
  if (!encoded.ok) return encoded;
  try {
    const pipe = makePipe(libc);
    if (pipe === undefined) return ok(undefined);
    const [readEnd, writeEnd] = pipe;
    const fits = pipeBytes(libc, writeEnd) >= encoded.value.length;
    if (fits) writeFully(writeEnd, encoded.value);
    else closeSync(readEnd);
    closeSync(writeEnd);
    return ok(fits ? readEnd : undefined);
  } finally {
    encoded.value.fill(0);
  }
}

/** The bytes of a hand-off. The caller zeroes them after use. */
export function encodeHandoff(
  entries: ReadonlyMap<string, SecretBytes>,
  names: readonly string[],
): Result<Uint8Array, Fault> {
  const encoder = new TextEncoder();
  let size = MAGIC.length + U32_BYTES;
  for (const [name, value] of entries) {
    if (!covers(names, name)) return fail("config", "a hand-off holds a name outside its plan");
    size += 2 * U32_BYTES + encoder.encode(name).length + value.length;
  }
  if (size > LIMITS.handoff_bytes_max) return fail("limit", "a hand-off is larger than 64 KiB");
  const out = new Uint8Array(new ArrayBuffer(size));
  const view = new DataView(out.buffer);
  out.set(MAGIC);
  view.setUint32(MAGIC.length, entries.size);
  let at = MAGIC.length + U32_BYTES;
  const put = (bytes: Uint8Array): void => {
    view.setUint32(at, bytes.length);
    out.set(bytes, at + U32_BYTES);
    at += U32_BYTES + bytes.length;
  };
  for (const [name, value] of entries) {
    put(encoder.encode(name));
    value.use(put);
  }
  return ok(out);
}

/** Reads the hand-off from a stream (default: stdin) to its end. */
export async function readHandoff(
  names: readonly string[],
  stream: ReadableStream<Uint8Array> = Bun.stdin.stream(),
): Promise<Result<Handoff, Fault>> {
  const room = new Uint8Array(new ArrayBuffer(LIMITS.handoff_bytes_max));
  let length = 0;
  try {
    for await (const piece of stream) {
      if (length + piece.length > room.length) return breach("longer than 64 KiB");
      room.set(piece, length);
      length += piece.length;
      piece.fill(0);
    }
    return parseHandoff(room.subarray(0, length), names);
  } finally {
    room.fill(0);
  }
}

/** Reads the hand-off from a descriptor whose writers are gone, without waiting for anybody. */
export function readHandoffNow(names: readonly string[], descriptor: number): Result<Handoff, Fault> {
  const room = new Uint8Array(new ArrayBuffer(LIMITS.handoff_bytes_max));
  try {
    let length = 0;
    for (let count = -1; count !== 0 && length < room.length; length += count) {
      count = readSync(descriptor, room, length, room.length - length, null);
    }
    return parseHandoff(room.subarray(0, length), names);
  } catch {
    return breach("its descriptor cannot be read");
  } finally {
    room.fill(0);
  }
}

/** Parses a whole hand-off; the bytes stay the caller's. */
export function parseHandoff(bytes: Uint8Array, names: readonly string[]): Result<Handoff, Fault> {
  if (bytes.length > LIMITS.handoff_bytes_max) return breach("longer than 64 KiB");
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) return breach("wrong first line");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = MAGIC.length;
  const u32 = (): number | undefined => {
    if (at + U32_BYTES > bytes.length) return undefined;
    at += U32_BYTES;
    return view.getUint32(at - U32_BYTES);
  };
  const take = (): Uint8Array | undefined => {
    const length = u32();
    if (length === undefined || length > bytes.length - at) return undefined;
    at += length;
    return bytes.subarray(at - length, at);
  };
  const count = u32();
  if (count === undefined) return breach("missing bytes");
  const handoff: Handoff = new Map();
  const refuse = (why: string): Result<never, Fault> => {
    for (const value of handoff.values()) value[Symbol.dispose]();
    return breach(why);
  };
  for (let index = 0; index < count; index++) {
    const name = nameOf(take());
    if (!name.ok) return refuse(name.error);
    const value = take();
    if (value === undefined) return refuse("missing bytes");
    if (handoff.has(name.value)) return refuse("a name twice");
    if (!covers(names, name.value)) return refuse("a name outside the plan");
    handoff.set(name.value, SecretBytes.take(value.slice()));
  }
  return at === bytes.length ? ok(handoff) : refuse("bytes after the end");
}

function nameOf(bytes: Uint8Array | undefined): Result<string, string> {
  if (bytes === undefined) return err("missing bytes");
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return err("a name that is not UTF-8");
  }
}

function breach(why: string): Result<never, Fault> {
  return fail("config", `the hand-off broke its format: ${why}`, { reason: "handoff" });
}
