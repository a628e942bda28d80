/**
 * Takes the secrets that a process holds out of texts that come back to it, in each of their forms (`secret-forms.ts`).
 * A stream is scrubbed as it comes: only what could be the beginning of a secret is held back, so words are not late.
 * What somebody spells out on purpose is not found; nobody who already has the secret needs us to pass it on.
 */
import { type Json, isJsonArray, isJsonObject } from "./json.ts";
import { LIMITS } from "./limits.ts";
import type { SecretString } from "./secret.ts";
import { formsOf } from "./secret-forms.ts";
import { UnitTrie } from "./unit-trie.ts";

/** What stands where a secret stood. */
export const SCRUBBED = "[secret]";

export interface NamedSecret {
  /** What rows call it: `provider:openai`. */
  readonly name: string;
  readonly secret: SecretString;
}

/** Names of secrets that were taken out → how often. */
export type Scrubbed = Map<string, number>;

/** A text that arrives in pieces. */
export interface ScrubStream {
  /** What may go on of the text so far. */
  push(piece: string): string;
  /** The rest: the beginning of a secret that did not come. */
  end(): string;
}

export class Scrubber implements Disposable {
  readonly #names: readonly string[];
  readonly #trie: UnitTrie;
  readonly #shown: (length: number) => string;

  /**
   * Secrets of fewer than 8 bytes ("none", "ollama") are words, not secrets: they are left alone. `shown`: what
   * stands where so many units stood.
   */
  constructor(secrets: readonly NamedSecret[], shown: (length: number) => string = () => SCRUBBED) {
    this.#shown = shown;
    const long = secrets.filter(({ secret }) => secret.length >= LIMITS.scrubbed_secret_bytes_min);
    this.#names = long.map(({ name }) => name);
    const needles = long.flatMap(({ secret }, owner) => formsOf(secret).map((units) => ({ units, owner })));
    this.#trie = new UnitTrie(needles);
    for (const { units } of needles) units.fill(0);
  }

  /** A stream that counts into `found` what it takes out. */
  stream(found: Scrubbed): ScrubStream {
    const trie = this.#trie;
    let state = 0;
    let held = "";
    return {
      push: (piece) => {
        const text = held + piece;
        const out: string[] = [];
        let gone = 0;
        for (let i = held.length; i < text.length; i++) {
          state = trie.next(state, text.charCodeAt(i));
          const length = trie.ended(state);
          if (length === 0) continue;
          out.push(text.slice(gone, i + 1 - length), this.#shown(length));
          gone = i + 1;
          this.#count(found, trie.owner(state));
          state = 0;
        }
        const safe = text.length - trie.depth(state);
        held = text.slice(safe);
        return out.length === 0 ? text.slice(0, safe) : out.join("") + text.slice(gone, safe);
      },
      end: () => {
        const rest = held;
        held = "";
        state = 0;
        return rest;
      },
    };
  }

  /** A whole text. */
  text(text: string, found: Scrubbed): string {
    const stream = this.stream(found);
    return stream.push(text) + stream.end();
  }

  /** JSON with every text and every key of it scrubbed. */
  json<T extends Json>(value: T, found: Scrubbed): Json {
    if (typeof value === "string") return this.text(value, found);
    if (isJsonArray(value)) return value.map((item) => this.json(item, found));
    if (!isJsonObject(value)) return value;
    const entries = Object.entries(value).map(([key, item]): [string, Json] => [
      this.text(key, found),
      this.json(item, found),
    ]);
    return Object.fromEntries(entries);
  }

  /**
   * JSON as text. A secret may hide behind escapes (`\u0073k-…`) that the reader undoes: such a text is written anew
   * from its scrubbed value; if it does not parse, or hides one in a key given twice, its escapes are undone first.
   */
  jsonText(text: string, found: Scrubbed): string {
    const plain = this.text(text, found);
    if (!plain.includes("\\")) return plain;
    const inside: Scrubbed = new Map();
    const shown = this.text(unescaped(plain), inside);
    if (inside.size === 0) return plain;
    for (const [name, count] of inside) found.set(name, (found.get(name) ?? 0) + count);
    return this.#rewritten(plain) ?? shown;
  }

  [Symbol.dispose](): void {
    this.#trie[Symbol.dispose]();
  }

  /** `undefined` for a text that is no JSON, or nested deeper than the writer can go. */
  #rewritten(text: string): string | undefined {
    try {
      const value: Json = JSON.parse(text);
      return JSON.stringify(this.json(value, new Map()));
    } catch {
      return undefined;
    }
  }

  #count(found: Scrubbed, owner: number): void {
    const name = this.#names[owner] ?? "";
    found.set(name, (found.get(name) ?? 0) + 1);
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(["\\/]))/g, (_, hex: string | undefined, char: string) =>
    hex === undefined ? char : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
