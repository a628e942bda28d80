/**
 * The record's JSON rule (RFC 7493, narrowed): an object in which no name occurs twice in one object, no
 * string holds a
 * lone surrogate, and every number is an integer within ±(2^53 − 1) written without fraction or exponent.
 * The check walks the text itself, because a parser would have dropped what it looks for.
 */
const DEPTH_MAX = 64;
const INTEGER_DIGITS_MAX = 16;
const ESCAPES = '"\\/bfnrt';
const SPECIAL = /[\u0000-\u001f\\]/;

/** True when `text` is an object that keeps the rule. Never throws, needs time linear in the text. */
export function isIJsonObject(text: string): boolean {
  if (!text.isWellFormed()) return false;
  const scanner = new Scanner(text, !SPECIAL.test(text));
  return scanner.isObjectText();
}

/**
 * Replaces lone surrogates by U+FFFD in every string and name of a JSON text (as `JSON.stringify` wrote
 * it).
 */
export function repairSurrogates(text: string): string {
  if (!text.includes("\\ud") && text.isWellFormed()) return text;
  const wellFormed = (_name: string, value: unknown): unknown => {
    if (typeof value === "string") return value.toWellFormed();
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toWellFormed(), member]));
  };
  return JSON.stringify(JSON.parse(text.toWellFormed(), wellFormed));
}

class Scanner {
  readonly #text: string;
  /** No backslash and no control character in the text: a string ends at the next quote. */
  readonly #plain: boolean;
  #at = 0;

  constructor(text: string, plain: boolean) {
    this.#text = text;
    this.#plain = plain;
  }

  isObjectText(): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 0x7b || !this.#value(0)) return false;
    this.#space();
    return this.#at === this.#text.length;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) return;
      this.#at += 1;
    }
  }

  #value(depth: number): boolean {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22:
        return this.#string();
      case 0x7b:
        return depth < DEPTH_MAX && this.#object(depth);
      case 0x5b:
        return depth < DEPTH_MAX && this.#array(depth);
      case 0x74:
        return this.#word("true");
      case 0x66:
        return this.#word("false");
      case 0x6e:
        return this.#word("null");
      default:
        return this.#integer();
    }
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #object(depth: number): boolean {
    this.#at += 1;
    if (this.#text.charCodeAt(this.#at) !== 0x22 && this.#eat(0x7d)) return true;
    let first: string | undefined;
    let names: Set<string> | undefined;
    for (;;) {
      const start = this.#at;
      if (this.#text.charCodeAt(start) !== 0x22 || !this.#string()) return false;
      const raw = this.#text.slice(start + 1, this.#at - 1);
      const name = this.#plain || !raw.includes("\\") ? raw : unescape(raw);
      if (first === undefined) first = name;
      else {
        names ??= new Set([first]);
        if (names.has(name)) return false;
        names.add(name);
      }
      if (!this.#eat(0x3a)) return false;
      this.#space();
      if (!this.#value(depth + 1)) return false;
      if (this.#eat(0x2c)) this.#space();
      else return this.#eat(0x7d);
    }
  }

  #array(depth: number): boolean {
    this.#at += 1;
    if (this.#eat(0x5d)) return true;
    for (;;) {
      if (!this.#value(depth + 1)) return false;
      if (this.#eat(0x2c)) this.#space();
      else return this.#eat(0x5d);
    }
  }

  /** Takes `code`, white space before it included. */
  #eat(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== code) return false;
    }
    this.#at += 1;
    return true;
  }

  #integer(): boolean {
    const start = this.#at;
    if (this.#text.charCodeAt(this.#at) === 0x2d) this.#at += 1;
    const digits = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
    const count = this.#at - digits;
    if (count === 0 || count > INTEGER_DIGITS_MAX) return false;
    if (count > 1 && this.#text.charCodeAt(digits) === 0x30) return false;
    return count < INTEGER_DIGITS_MAX || Number.isSafeInteger(Number(this.#text.slice(start, this.#at)));
  }

  /** Leaves `#at` behind the closing quote. */
  #string(): boolean {
    if (this.#plain) {
      const end = this.#text.indexOf('"', this.#at + 1);
      this.#at = end + 1;
      return end >= 0;
    }
    let at = this.#at + 1;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) break;
      if (Number.isNaN(code) || code < 0x20) return false;
      if (code !== 0x5c) at += 1;
      else {
        const width = this.#escape(at);
        if (width === 0) return false;
        at += width;
      }
    }
    this.#at = at + 1;
    return true;
  }

  /** Characters of the escape at `at`, 0 when it is none or names half a surrogate pair. */
  #escape(at: number): number {
    const letter = this.#text.charAt(at + 1);
    if (letter !== "u") return letter !== "" && ESCAPES.includes(letter) ? 2 : 0;
    const unit = this.#unit(at);
    if (unit < 0) return 0;
    if (unit < 0xd800 || unit > 0xdfff) return 6;
    const low = unit < 0xdc00 ? this.#unit(at + 6) : -1;
    return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
  }

  #unit(at: number): number {
    const escape = this.#text.slice(at, at + 6);
    return /^\\u[0-9a-fA-F]{4}$/.test(escape) ? Number.parseInt(escape.slice(2), 16) : -1;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function unescape(raw: string): string {
  const value: unknown = JSON.parse(`"${raw}"`);
  return String(value);
}
