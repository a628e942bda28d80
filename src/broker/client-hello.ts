/**
 * The server name in the first message of a TLS client (RFC 8446 section 4.1.2, RFC 6066 section 3), read
 * from the bytes of a tunnel before any of them is passed on. Total over hostile bytes, and bounded.
 */
import { type Result, err, ok } from "#contracts/result.ts";

export const HELLO_BYTES_MAX = 32_768;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** `short`: more bytes are needed. */
export type HelloFault = "short" | "not_tls";

/** The name that the client asks for; empty when it names none. */
export function serverNameOf(bytes: Uint8Array): Result<string, HelloFault> {
  const message = handshakeBytes(bytes);
  if (!message.ok) return message;
  const reader = new Reader(message.value);
  const kind = reader.uint(1);
  const length = reader.uint(3);
  if (kind === undefined || length === undefined) return err("short");
  if (kind !== CLIENT_HELLO) return err("not_tls");
  const hello = reader.take(length);
  if (hello === undefined) return length > HELLO_BYTES_MAX ? err("not_tls") : err("short");
  return nameIn(new Reader(hello));
}

/** Joins the handshake records: a client may split its first message over several. */
function handshakeBytes(bytes: Uint8Array): Result<Uint8Array, HelloFault> {
  const reader = new Reader(bytes);
  const parts: Uint8Array[] = [];
  for (;;) {
    const kind = reader.uint(1);
    if (kind === undefined) break;
    const major = reader.uint(1);
    const minor = reader.uint(1);
    const length = reader.uint(2);
    if (kind !== HANDSHAKE || (major !== undefined && major !== 3)) return err("not_tls");
    if (minor === undefined || length === undefined) break;
    if (length === 0 || length > 16_384) return err("not_tls");
    const part = reader.take(length);
    if (part === undefined) {
      parts.push(reader.rest());
      break;
    }
    parts.push(part);
  }
  const joined = Buffer.concat(parts);
  return joined.length === 0 ? err("short") : ok(joined);
}

function nameIn(hello: Reader): Result<string, HelloFault> {
  const skipped =
    hello.take(2 + 32) !== undefined && // version and random
    hello.vector(1) !== undefined && // session id
    hello.vector(2) !== undefined && // cipher suites
    hello.vector(1) !== undefined; // compression
  if (!skipped) return err("not_tls");
  const extensions = hello.vector(2);
  if (extensions === undefined) return ok("");
  const reader = new Reader(extensions);
  let name: string | undefined;
  for (;;) {
    const kind = reader.uint(2);
    if (kind === undefined) return ok(name ?? "");
    const body = reader.vector(2);
    if (body === undefined) return err("not_tls");
    if (kind !== SERVER_NAME) continue;
    if (name !== undefined) return err("not_tls"); // two of them: which one counts is not ours to guess
    const found = hostNameIn(new Reader(body));
    if (found === undefined) return err("not_tls");
    name = found;
  }
}

function hostNameIn(body: Reader): string | undefined {
  const list = body.vector(2);
  if (list === undefined) return undefined;
  const reader = new Reader(list);
  const kind = reader.uint(1);
  const name = reader.vector(2);
  if (kind !== HOST_NAME || name === undefined || reader.rest().length > 0) return undefined;
  const text = Buffer.from(name).toString("latin1");
  return /^[\x21-\x7e]{1,255}$/.test(text) ? text.toLowerCase().replace(/\.$/, "") : undefined;
}

/** Reads big-endian numbers and length-prefixed parts; `undefined` behind the end. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint(width: number): number | undefined {
    const bytes = this.take(width);
    return bytes?.reduce((value, byte) => value * 256 + byte, 0);
  }

  take(count: number): Uint8Array | undefined {
    if (this.#at + count > this.#bytes.length) return undefined;
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  vector(width: number): Uint8Array | undefined {
    const length = this.uint(width);
    return length === undefined ? undefined : this.take(length);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}
