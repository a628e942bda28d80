/**
 * Writes the methods of `test/support/slack-fake/web-api.txt` from a copy of slackapi/slack-api-specs
 * (`web-api/slack_web_openapi_v2.json`): `node scripts/bun.mjs run scripts/slack-table.ts slack.json`. Slack
 * no longer renews that file; what is newer stands in `blocks.txt`, written by hand from `@slack/types` and
 * `@slack/web-api`.
 */
import { join } from "node:path";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly type?: string;
  readonly required?: boolean;
}
interface Specification {
  readonly info: { readonly version: string };
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly parameters: readonly Parameter[] }>>>
  >;
}

const TABLE = join(import.meta.dir, "../test/support/slack-fake/web-api.txt");
/** What stands in JSON bodies where forms have text: the same values unquoted. */
const STRUCTURED: Readonly<Record<string, string>> = { blocks: "[]Block" };
const TYPES: Readonly<Record<string, string>> = {
  string: "String",
  boolean: "Boolean",
  integer: "Integer",
  number: "Float",
};

function ruleOf({ name, type = "string", required = false }: Parameter): string {
  return `${name}${required ? "!" : ""}:${STRUCTURED[name] ?? TYPES[type] ?? "String"}`;
}

const [path = ""] = process.argv.slice(2);
const { info, paths }: Specification = await Bun.file(path).json();
const lines = Object.entries(paths).flatMap(([method, verbs]) =>
  Object.values(verbs).map(({ parameters }) => {
    const rules = parameters.filter(({ name }) => name !== "token").map(ruleOf);
    return ["method", method.slice(1), ...rules].join(" ");
  }),
);
const head = [
  `# Slack Web API ${info.version}: what each method takes beside its token. "!" is required, "[]" an array.`,
  "# Names and types taken from slackapi/slack-api-specs (MIT licence) by scripts/slack-table.ts. For tests alone:",
  "# nothing of it is in the program.",
];
await Bun.write(TABLE, `${[...head, ...lines].join("\n")}\n`);
console.log(`${TABLE}: ${lines.length} methods`);
