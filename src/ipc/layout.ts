/**
 * Layout tables: each struct of `wirken.capnp` as data (sizes, and per field its type and offset) that both reads and
 * writes. A test holds the tables against the schema as the `capnp` tool compiles it, so they cannot drift apart.
 */
import type { Result } from "#contracts/result.ts";
import type { StructBuilder } from "./message-builder.ts";
import type { StructReader } from "./message-reader.ts";

/** One field: where it lies, how it is read and written. */
export interface Field<T> {
  /** Type name as in the schema. */
  readonly type: string;
  /** Offset in units of the type: bits for Bool, pointers for pointer types. */
  readonly at: number;
  /** For an enum: its words in order. */
  readonly words?: readonly string[];
  read(from: StructReader): T;
  write(to: StructBuilder, value: T): void;
}

/** What a union or a list needs to know of a struct. */
export interface Struct<T> {
  readonly name: string;
  readonly dataWords: number;
  readonly pointers: number;
  read(from: StructReader): T;
  write(to: StructBuilder, value: T): void;
}

type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A struct with its table of fields. */
export interface TableStruct<T> extends Struct<T> {
  readonly fields: Fields<T>;
}

/** A struct whose fields are the properties of `T`; the table is in schema order, so pointers are written in order. */
export function table<T extends object>(
  name: string,
  dataWords: number,
  pointers: number,
  fields: Fields<T>,
): TableStruct<T> {
  const names = keysOf(fields);
  return {
    name,
    dataWords,
    pointers,
    fields,
    read: (from) => {
      const value: Partial<T> = {};
      for (const key of names) value[key] = fields[key].read(from);
      if (!isComplete(value, names)) throw new Error("layout: a field was not read");
      return value;
    },
    write: (to, value) => {
      for (const key of names) fields[key].write(to, value[key]);
    },
  };
}

export function bool(at: number): Field<boolean> {
  return { type: "Bool", at, read: (from) => from.bool(at), write: (to, value) => to.bool(at, value) };
}

export function uint16(at: number): Field<number> {
  return {
    type: "UInt16",
    at,
    read: (from) => from.uint16(at),
    write: (to, value) => to.uint16(at, inRange(to, value, 0xffff)),
  };
}

export function uint32(at: number): Field<number> {
  return {
    type: "UInt32",
    at,
    read: (from) => from.uint32(at),
    write: (to, value) => to.uint32(at, inRange(to, value, 0xffff_ffff)),
  };
}

/** A number in ±(2^53 − 1). */
export function int64(at: number): Field<number> {
  return {
    type: "Int64",
    at,
    read: (from) => from.int64(at),
    write: (to, value) => to.int64(at, Number.isSafeInteger(value) ? value : inRange(to, -1, 0)),
  };
}

/** A number in 0 … 2^53 − 1. */
export function uint64(at: number): Field<number> {
  return {
    type: "UInt64",
    at,
    read: (from) => {
      const value = from.int64(at);
      if (value < 0) from.message.refuse("number");
      return value;
    },
    write: (to, value) => to.int64(at, inRange(to, value, Number.MAX_SAFE_INTEGER)),
  };
}

/** UInt8 that is one of `allowed`. */
export function oneOf<const T extends readonly [number, ...number[]]>(
  at: number,
  allowed: T,
): Field<T[number]> {
  return {
    type: "UInt8",
    at,
    read: (from) => {
      const value = from.uint8(at);
      for (const candidate of allowed) if (candidate === value) return candidate;
      from.message.refuse("number");
      return allowed[0];
    },
    write: (to, value) => to.uint8(at, value),
  };
}

/** An enumerant; its number is its place in `words`, as in the schema. */
export function word<const T extends readonly [string, ...string[]]>(
  type: string,
  at: number,
  words: T,
): Field<T[number]> {
  return {
    type,
    at,
    words,
    read: (from) => {
      const value = words[from.uint16(at)];
      if (value !== undefined) return value;
      from.message.refuse("enum");
      return words[0];
    },
    write: (to, value) => to.uint16(at, Math.max(words.indexOf(value), 0)),
  };
}

/** Text of at most `bytesMax` bytes of UTF-8. */
export function text(at: number, bytesMax: number): Field<string> {
  return {
    type: "Text",
    at,
    read: (from) => from.text(at, bytesMax),
    write: (to, value) => to.text(at, shortEnough(to, value, bytesMax)),
  };
}

/** Text that must pass a parser of `contracts/ids.ts`; `fallback` stands in for it in a message that is refused. */
export function idText<T extends string>(
  at: number,
  bytesMax: number,
  parse: (value: string) => Result<T, string>,
  fallback: T,
): Field<T> {
  return {
    type: "Text",
    at,
    read: (from) => {
      const parsed = parse(from.text(at, bytesMax));
      if (parsed.ok) return parsed.value;
      from.message.refuse("id");
      return fallback;
    },
    write: (to, value) => to.text(at, shortEnough(to, value, bytesMax)),
  };
}

/** Bytes of at most `bytesMax`; reading gives a view into the message. */
export function data(at: number, bytesMax: number): Field<Uint8Array> {
  return {
    type: "Data",
    at,
    read: (from) => from.data(at, bytesMax),
    write: (to, value) => {
      if (value.byteLength > bytesMax) to.message.refuse("limit");
      else to.data(at, value);
    },
  };
}

/** Exactly `length` bytes, or none where `orNone`. */
export function exactData(at: number, length: number, orNone = false): Field<Uint8Array> {
  const fits = (value: Uint8Array): boolean =>
    value.byteLength === length || (orNone && value.byteLength === 0);
  return {
    type: "Data",
    at,
    read: (from) => {
      const value = from.data(at, length);
      if (!fits(value)) from.message.refuse("data_length");
      return value;
    },
    write: (to, value) => {
      if (fits(value)) to.data(at, value);
      else to.message.refuse("data_length");
    },
  };
}

/** A SHA-256 as 32 bytes on the wire and lower-case hex in the value. */
export function hash(at: number): Field<string> {
  return {
    type: "Data",
    at,
    read: (from) => {
      const value = from.data(at, 32);
      if (value.byteLength !== 32) from.message.refuse("data_length");
      return value.toHex();
    },
    write: (to, value) => {
      if (/^[0-9a-f]{64}$/.test(value)) to.data(at, Uint8Array.fromHex(value));
      else to.message.refuse("data_length");
    },
  };
}

/** A list of at most `countMax` texts. */
export function texts(at: number, countMax: number, bytesMax: number): Field<readonly string[]> {
  return {
    type: "List(Text)",
    at,
    read: (from) => from.texts(at, countMax, bytesMax),
    write: (to, values) => {
      if (values.length > countMax) to.message.refuse("limit");
      to.texts(
        at,
        values.slice(0, countMax).map((value) => shortEnough(to, value, bytesMax)),
      );
    },
  };
}

/** A list of at most `countMax` structs. */
export function structs<T>(at: number, countMax: number, element: Struct<T>): Field<readonly T[]> {
  const { dataWords, pointers } = element;
  return {
    type: `List(${element.name})`,
    at,
    read: (from) => from.structs(at, dataWords, pointers, countMax).map((each) => element.read(each)),
    write: (to, values) => {
      if (values.length > countMax) {
        to.message.refuse("limit");
        return;
      }
      const builders = to.structs(at, dataWords, pointers, values.length);
      values.forEach((value, index) => {
        const builder = builders[index];
        if (builder !== undefined) element.write(builder, value);
      });
    },
  };
}

function keysOf<T extends object>(fields: Fields<T>): readonly (keyof T)[] {
  const names: (keyof T)[] = [];
  for (const key in fields) names.push(key);
  return names;
}

function isComplete<T>(value: Partial<T>, names: readonly (keyof T)[]): value is T {
  return names.every((name) => value[name] !== undefined);
}

function inRange(to: StructBuilder, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  to.message.refuse("number");
  return 0;
}

/** Cuts nothing: a text over its bound is a refusal. A text of n code units has n … 3n bytes of UTF-8. */
function shortEnough(to: StructBuilder, value: string, bytesMax: number): string {
  if (value.length * 3 <= bytesMax) return value;
  if (value.length <= bytesMax && Buffer.byteLength(value) <= bytesMax) return value;
  to.message.refuse("limit");
  return "";
}
