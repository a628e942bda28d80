/**
 * Writes `test/support/telegram-fake/bot-api.txt` from a copy of PaulSonOfLars/telegram-bot-api-spec (`api.json`):
 * `node scripts/bun.mjs run scripts/telegram-table.ts api.json`. To be run when the Bot API has a new version.
 */
import { join } from "node:path";

interface Entry {
  readonly name: string;
  readonly subtypes?: readonly string[];
  readonly fields?: readonly {
    readonly name: string;
    readonly types: readonly string[];
    readonly required: boolean;
  }[];
}
interface Specification {
  readonly version: string;
  readonly methods: Readonly<Record<string, Entry>>;
  readonly types: Readonly<Record<string, Entry>>;
}

const TABLE = join(import.meta.dir, "../test/support/telegram-fake/bot-api.txt");

/** Names of the types that `entry` is made of, without arrays. */
function namedBy({ fields = [], subtypes = [] }: Entry): readonly string[] {
  return [
    ...fields.flatMap(({ types }) => types.map((type) => type.replaceAll("Array of ", ""))),
    ...subtypes,
  ];
}

/** Types that a method's parameters can hold, at any depth. */
function sentTypes({ methods, types }: Specification): readonly Entry[] {
  const found = new Set<string>();
  const queue = Object.values(methods).flatMap(namedBy);
  for (const name of queue) {
    const entry = types[name];
    if (entry === undefined || found.has(name)) continue;
    found.add(name);
    queue.push(...namedBy(entry));
  }
  return [...found].sort().flatMap((name) => types[name] ?? []);
}

function lineOf(kind: string, { name, fields = [], subtypes = [] }: Entry): string {
  const rules = fields.map(({ name: field, types, required }) => {
    const written = types.map((type) => type.replaceAll("Array of ", "[]")).join("|");
    return `${field}${required ? "!" : ""}:${written}`;
  });
  return [kind, name, ...rules, ...(subtypes.length === 0 ? [] : ["=", ...subtypes])].join(" ");
}

const [path = ""] = process.argv.slice(2);
const specification: Specification = await Bun.file(path).json();
const lines = [
  `# ${specification.version}: what each method takes, and the types of it. "!" is required, "[]" an array, "=" one of.`,
  "# Names and types of Telegram's Bot API, taken from PaulSonOfLars/telegram-bot-api-spec (MIT licence) by",
  "# scripts/telegram-table.ts. For tests alone: nothing of it is in the program.",
  ...Object.values(specification.methods).map((method) => lineOf("method", method)),
  ...sentTypes(specification).map((type) => lineOf("type", type)),
];
await Bun.write(TABLE, `${lines.join("\n")}\n`);
console.log(`${TABLE}: ${lines.length} lines`);
