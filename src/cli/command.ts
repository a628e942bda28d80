/**
 * Commands on citty, made strict: an unknown option or a surplus operand is a fault, never a surprise (exit 64).
 * A noun is a `Group` that loads its verbs lazily; a verb is a `Leaf` that returns a result, and only `main` turns
 * that into an exit code.
 */
import { type ArgDef, type ArgsDef, parseArgs, renderUsage } from "citty";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Context } from "./context.ts";

/** What a verb was called with, after the strict check. */
export interface Arguments {
  /** The value of an option or a named operand; `undefined` when it was not given. */
  text(name: string): string | undefined;
  /** Every value of an option that may be given more than once. */
  all(name: string): readonly string[];
  /** Whether a boolean option was given. */
  flag(name: string): boolean;
  /** Everything after `--`, or surplus operands where the leaf allows them. */
  readonly rest: readonly string[];
}

export interface Leaf {
  readonly description: string;
  readonly args: ArgsDef;
  /** Takes `--json`. */
  readonly json?: boolean;
  /** Takes any number of operands. */
  readonly operands?: boolean;
  readonly run: (context: Context, args: Arguments) => Promise<Result<number, Fault>>;
}

export interface Group {
  readonly description: string;
  readonly children: Readonly<Record<string, () => Promise<Leaf | Group>>>;
}

/** A command found in the tree, with the words left for it. */
export interface Found {
  readonly node: Leaf | Group;
  readonly path: readonly string[];
  readonly words: readonly string[];
}

/** True for a noun with verbs. */
export function isGroup(node: Leaf | Group): node is Group {
  return "children" in node;
}

/** Walks from the root along the leading words. */
export async function find(root: Group, words: readonly string[]): Promise<Result<Found, Fault>> {
  let node: Leaf | Group = root;
  const path: string[] = [];
  for (const [at, word] of words.entries()) {
    if (!isGroup(node) || word.startsWith("-")) return ok({ node, path, words: words.slice(at) });
    const load: (() => Promise<Leaf | Group>) | undefined = Object.hasOwn(node.children, word)
      ? node.children[word]
      : undefined;
    if (load === undefined) {
      return fail("usage", `there is no command \`${["wirken", ...path, printable(word)].join(" ")}\``, {
        hint: `\`${["wirken", ...path, "--help"].join(" ")}\` lists what there is: ${Object.keys(node.children).join(", ")}`,
      });
    }
    node = await load();
    path.push(word);
  }
  return ok({ node, path, words: [] });
}

/** Parses a leaf's words and refuses what it does not know. */
export function parseStrictly(
  leaf: Leaf,
  path: readonly string[],
  words: readonly string[],
): Result<Arguments, Fault> {
  const defs: ArgsDef = { ...leaf.args, ...(leaf.json === true ? JSON_ARG : {}) };
  const help = { hint: `\`wirken ${path.join(" ")} --help\` shows what it takes` };
  const cut = words.indexOf("--");
  const own = cut < 0 ? words : words.slice(0, cut);
  const known = new Map(
    Object.entries(defs).flatMap(([name, def]) => namesOf(name, def).map((key) => [key, def] as const)),
  );
  for (const [at, word] of own.entries()) {
    if (!word.startsWith("-") || word === "-") continue;
    const name = word.replace(/^--?/, "").split("=")[0] ?? "";
    const def = known.get(name);
    if (def === undefined || def.type === "positional")
      return fail("usage", `unknown option \`${printable(word)}\``, help);
    if (def.type === "boolean" && word.includes("="))
      return fail("usage", `\`--${name}\` takes no value`, help);
    const value = own[at + 1];
    if (def.type !== "boolean" && !word.includes("=") && (value === undefined || value.startsWith("--"))) {
      return fail("usage", `\`--${name}\` needs a value`, help);
    }
  }
  let parsed: Record<string, unknown>;
  try {
    parsed = parseArgs([...own], defs);
  } catch (error) {
    const text = error instanceof Error ? error.message.toLowerCase() : "the arguments do not fit";
    return fail("usage", printable(text), help);
  }
  const operands = Array.isArray(parsed["_"]) ? parsed["_"].map(String) : [];
  const named = Object.values(defs).filter((def) => def.type === "positional").length;
  const surplus = operands.slice(named);
  if (surplus.length > 0 && leaf.operands !== true) {
    return fail("usage", `too many operands: \`${printable(surplus.join(" "))}\``, help);
  }
  return ok({
    text: (name) => {
      const value = parsed[name];
      return typeof value === "string" ? value : undefined;
    },
    all: (name) => valuesOf(own, name),
    // The parser takes `--no-x` for `x` turned off, also where `no-x` is the option's name.
    flag: (name) => parsed[name] === true || (name.startsWith("no-") && own.includes(`--${name}`)),
    rest: [...surplus, ...(cut < 0 ? [] : words.slice(cut + 1))],
  });
}

/** The help text of a node. */
export async function usageOf(node: Leaf | Group, path: readonly string[]): Promise<string> {
  const name = ["wirken", ...path].join(" ");
  if (!isGroup(node)) {
    const args = { ...node.args, ...(node.json === true ? JSON_ARG : {}) };
    return Bun.stripANSI(await renderUsage({ meta: { name, description: node.description }, args })); // also for pipes
  }
  const lines = await Promise.all(
    Object.entries(node.children).map(
      async ([verb, load]) => `  ${verb.padEnd(14)} ${(await load()).description}`,
    ),
  );
  return `${node.description}\n\nusage: ${name} <command>\n\n${lines.join("\n")}\n`;
}

const JSON_ARG = { json: { type: "boolean", description: "print JSON" } } as const satisfies ArgsDef;

function namesOf(name: string, def: ArgDef): readonly string[] {
  const alias = "alias" in def ? (def.alias ?? []) : [];
  return [name, ...(Array.isArray(alias) ? alias : [alias])];
}

/** The values of each `--name value` and `--name=value` among the words. */
function valuesOf(words: readonly string[], name: string): readonly string[] {
  return words.flatMap((word, at) => {
    if (word.startsWith(`--${name}=`)) return [word.slice(name.length + 3)];
    const value = words[at + 1];
    return word === `--${name}` && value !== undefined ? [value] : [];
  });
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?").slice(0, 80);
}
