/** `npm run docs`: writes the documents, and the parts of documents, that are made from the sources. */
import { join } from "node:path";
import { auditCli } from "./docs/audit-cli.ts";
import { channels } from "./docs/channels.ts";
import { defencesTable } from "./docs/defences.ts";
import { handoffTable } from "./docs/handoff.ts";
import { wallsTable } from "./docs/walls.ts";
import { zoneTable } from "./docs/zones.ts";

const ROOT = join(import.meta.dir, "..");

/** Every generated document as it should stand: path in the repository → text. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  const read = (path: string): Promise<string> => Bun.file(join(ROOT, path)).text();
  const architecture = await read("docs/ARCHITECTURE.md");
  const handoff = await read("docs/formats/handoff.md");
  const security = await read("SECURITY.md");
  return new Map([
    ["docs/audit-cli.md", await auditCli(ROOT)],
    ["docs/channels.md", await channels(ROOT)],
    ["docs/ARCHITECTURE.md", withPart(architecture, "zones", zoneTable())],
    ["docs/formats/handoff.md", withPart(handoff, "names", handoffTable())],
    ["SECURITY.md", withPart(withPart(security, "walls", wallsTable()), "defences", defencesTable())],
  ]);
}

/** The text with the part between the marks of `name` made anew. */
function withPart(text: string, name: string, part: string): string {
  const begin = `<!-- ${name}:begin (npm run docs) -->`;
  const end = `<!-- ${name}:end -->`;
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
