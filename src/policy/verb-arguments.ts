/**
 * Reads the words after a verb by its rule. Every word is either a flag that the rule names or an operand that the rule
 * allows; programs differ in where they stop looking for flags, so here they are looked for everywhere before `--`.
 */
import {
  type ExpressionRule,
  type FlagValue,
  isValue,
  type OperandRule,
  type OptionRule,
  staysInside,
  type VerbRule,
} from "./verb-rule.ts";

/** The paths that a command names, as they stand; `undefined` where it is not proven to read. */
export function pathsRead(rule: VerbRule, words: readonly string[]): readonly string[] | undefined {
  switch (rule.form) {
    case "raw":
      return [];
    case "expression":
      return expressionPaths(rule, words);
    case "options":
      return new OptionReader(rule).read(words);
  }
}

class OptionReader {
  readonly #rule: OptionRule;
  readonly #seen = new Set<string>();
  readonly #operands: string[] = [];
  readonly #paths: string[] = [];

  constructor(rule: OptionRule) {
    this.#rule = rule;
  }

  read(words: readonly string[]): readonly string[] | undefined {
    const left = [...words];
    for (let word = left.shift(); word !== undefined; word = left.shift()) {
      if (word === "--") {
        this.#operands.push(...left);
        break;
      }
      if (word === "-" || !word.startsWith("-")) this.#operands.push(word);
      else if (!(word.startsWith("--") ? this.#long(word.slice(2), left) : this.#short(word, left))) {
        return undefined;
      }
    }
    const operands = operandPaths(this.#rule.operands, this.#operands, this.#seen);
    return operands === undefined ? undefined : [...this.#paths, ...operands];
  }

  #long(text: string, left: string[]): boolean {
    const { long = [], longValue = {}, longOptional = [] } = this.#rule;
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? undefined : text.slice(at + 1);
    this.#seen.add(name);
    if (longOptional.includes(name)) return true;
    if (long.includes(name)) return value === undefined;
    const kind = Object.hasOwn(longValue, name) ? longValue[name] : undefined;
    return kind !== undefined && (value === undefined ? this.#next(kind, left) : this.#take(kind, value));
  }

  #short(word: string, left: string[]): boolean {
    const { short = "", shortValue = {}, counts = false } = this.#rule;
    if (counts && /^-[0-9]{1,9}$/.test(word)) return true;
    for (let at = 1; at < word.length; at += 1) {
      const letter = word.charAt(at);
      this.#seen.add(letter);
      if (short.includes(letter)) continue;
      const kind = Object.hasOwn(shortValue, letter) ? shortValue[letter] : undefined;
      if (kind === undefined) return false;
      const attached = word.slice(at + 1);
      return attached === "" ? this.#next(kind, left) : this.#take(kind, attached);
    }
    return true;
  }

  /** A value of its own word. One with a dash could be a flag to a program that reads the one before otherwise. */
  #next(kind: FlagValue, left: string[]): boolean {
    const value = left.shift();
    if (value === undefined || (kind !== "count" && value.startsWith("-") && value !== "-")) return false;
    return this.#take(kind, value);
  }

  #take(kind: FlagValue, value: string): boolean {
    if (kind === "path" && value !== "-") this.#paths.push(value);
    return isValue(kind, value);
  }
}

function operandPaths(
  rule: OperandRule,
  operands: readonly string[],
  seen: ReadonlySet<string>,
): readonly string[] | undefined {
  if (operands.length > (rule.max ?? operands.length)) return undefined;
  const hasFirst = rule.first !== undefined && !(rule.firstUnless ?? []).some((flag) => seen.has(flag));
  const [first] = operands;
  if (hasFirst && first !== undefined && rule.first instanceof RegExp && !rule.first.test(first))
    return undefined;
  const rest = hasFirst ? operands.slice(1) : operands;
  if (rule.rest === "text") return [];
  if (rule.rest === "none") return rest.length === 0 ? [] : undefined;
  const paths = rest.filter((path) => path !== "-");
  return paths.every(staysInside) ? paths : undefined;
}

/** `find`: options, paths, then nothing but words of the expression that the rule names. */
function expressionPaths(rule: ExpressionRule, words: readonly string[]): readonly string[] | undefined {
  const left = [...words];
  const paths: string[] = [];
  while (left[0] !== undefined && rule.before.includes(left[0])) left.shift();
  while (left[0] !== undefined && !/^[-(!),]/.test(left[0])) paths.push(left.shift() ?? "");
  if (!paths.every(staysInside)) return undefined;
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const kind = Object.hasOwn(rule.words, word) ? rule.words[word] : undefined;
    if (kind === undefined) return undefined;
    if (kind === "") continue;
    const value = left.shift();
    if (value === undefined || !isValue(kind, value)) return undefined;
    if (kind === "path") paths.push(value);
  }
  return paths;
}
