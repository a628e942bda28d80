/**
 * Secrets as types that cannot be printed, serialised, joined or compared by shape.
 *
 * `SecretBytes` holds bytes in a buffer of its own and hands them to a callback; disposing zeroes them.
 * `SecretString` is the same for text. The language gives no guarantee beyond that: a string made inside `use` belongs
 * to the engine and cannot be zeroed, so text is made as late as possible and kept nowhere.
 * Compare with `equals`; `expect(a).toEqual(b)` passes for different secrets because they have no own fields.
 */
const MINT = Symbol("Secret");
const REDACTED = "[secret]";

/** Thrown when a secret is about to become text. It carries no part of the secret. */
export class SecretLeak extends Error {
  constructor(way: string) {
    super(`a secret was about to leave through ${way}`);
    this.name = "SecretLeak";
  }
}

/** Secret bytes with one owner. Built by `SecretBytes.take`, read through `use`, ended by `using` or `dispose`. */
export class SecretBytes {
  readonly #bytes: Uint8Array;
  #live = true;

  constructor(mint: typeof MINT, bytes: Uint8Array) {
    if (mint !== MINT) throw new TypeError("SecretBytes is sealed: use SecretBytes.take");
    this.#bytes = bytes;
    Object.freeze(this);
  }

  /** Copies `source` into a buffer of its own and zeroes the caller's array. */
  static take(source: Uint8Array): SecretBytes {
    // An explicit ArrayBuffer: the engine may keep a second inline copy of a small plain Uint8Array.
    const bytes = new Uint8Array(new ArrayBuffer(source.byteLength));
    bytes.set(source);
    source.fill(0);
    return new SecretBytes(MINT, bytes);
  }

  /** Number of bytes; not a secret. */
  get length(): number {
    return this.#bytes.byteLength;
  }

  /**
   * Lends the bytes to `fn` for the time of the call. `fn` must not keep the array.
   * @throws Error once the secret was disposed.
   */
  use<T>(fn: (bytes: Uint8Array) => T): T {
    if (!this.#live) throw new Error("the secret was disposed");
    return fn(this.#bytes);
  }

  /** Compares in constant time for equal lengths. */
  equals(other: SecretBytes): boolean {
    if (this.length !== other.length) return false;
    return this.use((a) =>
      other.use((b) => {
        let difference = 0;
        for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
        return difference === 0;
      }),
    );
  }

  /** Zeroes the bytes; every later `use` throws. */
  [Symbol.dispose](): void {
    this.#bytes.fill(0);
    this.#live = false;
  }

  toString(): never {
    throw new SecretLeak("toString");
  }
  toJSON(): never {
    throw new SecretLeak("JSON");
  }
  valueOf(): never {
    throw new SecretLeak("valueOf");
  }
  [Symbol.toPrimitive](): never {
    throw new SecretLeak("a conversion");
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
  get [Symbol.toStringTag](): string {
    return "SecretBytes";
  }
}

/** Secret text, kept as UTF-8 bytes. */
export class SecretString {
  readonly #bytes: SecretBytes;

  constructor(mint: typeof MINT, bytes: SecretBytes) {
    if (mint !== MINT) throw new TypeError("SecretString is sealed: use SecretString.take");
    this.#bytes = bytes;
    Object.freeze(this);
  }

  /** Takes UTF-8 bytes and zeroes the caller's array. */
  static take(utf8: Uint8Array): SecretString {
    return new SecretString(MINT, SecretBytes.take(utf8));
  }

  /** Length in UTF-8 bytes; not a secret. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Lends the text to `fn` for the time of the call. The engine's string cannot be zeroed: keep it nowhere. */
  use<T>(fn: (text: string) => T): T {
    return this.#bytes.use((bytes) => fn(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  }

  /** Lends the UTF-8 bytes to `fn` for the time of the call. */
  useBytes<T>(fn: (bytes: Uint8Array) => T): T {
    return this.#bytes.use(fn);
  }

  /** Compares in constant time for equal lengths. */
  equals(other: SecretString): boolean {
    return this.#bytes.equals(other.#bytes);
  }

  [Symbol.dispose](): void {
    this.#bytes[Symbol.dispose]();
  }

  toString(): never {
    throw new SecretLeak("toString");
  }
  toJSON(): never {
    throw new SecretLeak("JSON");
  }
  valueOf(): never {
    throw new SecretLeak("valueOf");
  }
  [Symbol.toPrimitive](): never {
    throw new SecretLeak("a conversion");
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
  get [Symbol.toStringTag](): string {
    return "SecretString";
  }
}

/** What may be logged or shown: a closed recursive type that no secret, function or class instance fits into. */
export type Loggable =
  | null
  | boolean
  | number
  | string
  | readonly Loggable[]
  | { readonly [key: string]: Loggable; readonly use?: never };
