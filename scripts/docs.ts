/** `npm run docs`: writes the documents, and the parts of documents, that are made from the sources. */
import { join } from "node:path";
import { auditCli } from "./docs/audit-cli.ts";
import { channels } from "./docs/channels.ts";
import { zoneTable } from "./docs/zones.ts";

const ROOT = join(import.meta.dir, "..");
const ZONES_BEGIN = "<!-- zones:begin (npm run docs) -->";
const ZONES_END = "<!-- zones:end -->";

/** Every generated document as it should stand: path in the repository → text. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  const architecture = await Bun.file(join(ROOT, "docs/ARCHITECTURE.md")).text();
  return new Map([
    ["docs/audit-cli.md", await auditCli(ROOT)],
    ["docs/channels.md", await channels(ROOT)],
    ["docs/ARCHITECTURE.md", between(architecture, ZONES_BEGIN, ZONES_END, zoneTable())],
  ]);
}

function between(text: string, begin: string, end: string, part: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the marks ${begin} and ${end} are missing`);
  return `${text.slice(0, from + begin.length)}\n${part}\n${text.slice(to)}`;
}

if (import.meta.main) {
  for (const [path, text] of await generatedDocuments()) {
    await Bun.write(join(ROOT, path), text);
    console.log(path);
  }
}
