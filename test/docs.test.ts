/** The documents against the repository: nothing stale, no dead link, no file named that is not there. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";
import { HANDOFF_NAMES } from "#contracts/handoff.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { encodeHandoff } from "#host/handoff.ts";
import { generatedDocuments } from "../scripts/docs.ts";
import { ROOT } from "./source-files.ts";

const DOCUMENTS = [
  "README.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "adapters/README.md",
  ...new Glob("docs/**/*.md").scanSync(ROOT),
];
const read = (path: string): Promise<string> => Bun.file(join(ROOT, path)).text();
const COMMANDS = ["npm ci && npm start", "npm ci && npm test"];

describe("the documents", () => {
  test("that are generated are as the sources have them now", async () => {
    for (const [path, text] of await generatedDocuments()) {
      expect({ path, fresh: (await read(path)) === text, mend: "npm run docs" }).toEqual({
        path,
        fresh: true,
        mend: "npm run docs",
      });
    }
  });

  test("hold the two commands of a newcomer", async () => {
    const readme = await read("README.md");
    for (const command of COMMANDS) expect(readme).toContain(`\n${command}\n`);
  });

  test("name every package with its reason", async () => {
    const manifest: { dependencies: object; devDependencies: object } = await Bun.file(
      join(ROOT, "package.json"),
    ).json();
    const text = await read("docs/DEPENDENCIES.md");
    const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(packages.length).toBeGreaterThan(10);
    expect(packages.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test.each(DOCUMENTS)("%s links to what is there", async (path) => {
    const text = withoutFences(await read(path));
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const dead: string[] = [];
    for (const link of links) if (!(await isAlive(path, link))) dead.push(link);
    expect(dead).toEqual([]);
  });

  test.each(DOCUMENTS)("%s names files that are there", async (path) => {
    expect(namedFiles(await read(path)).filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  test("give the hand-off's vector as it is written", async () => {
    const text = await read("docs/formats/handoff.md");
    const vector = /## Vector[\s\S]*?```\n([\s\S]*?)```/.exec(text)?.[1]?.replace(/\s/g, "");
    const bytes = (value: string): SecretBytes => SecretBytes.take(new TextEncoder().encode(value));
    const entries = new Map([
      ["peer-id", bytes("signer")],
      ["ephemeral", bytes("0")],
    ]);
    const encoded = encodeHandoff(entries, HANDOFF_NAMES.signer);
    expect(encoded.ok && Buffer.from(encoded.value).toString("hex")).toBe(vector ?? "there is none");
  });

  test("name no script that package.json lacks", async () => {
    const manifest: { scripts: Record<string, string> } = await Bun.file(join(ROOT, "package.json")).json();
    for (const path of DOCUMENTS) {
      const asked = [...(await read(path)).matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, name = ""]) => name);
      expect({ path, missing: asked.filter((name) => manifest.scripts[name] === undefined) }).toEqual({
        path,
        missing: [],
      });
    }
  });
});

describe("namedFiles", () => {
  test("completes a bare name with the folder of the path before it, in one line", () => {
    expect(namedFiles("`src/a/b.ts`, `c.ts`\n`d.ts` and `not/a file`")).toEqual(["src/a/b.ts", "src/a/c.ts"]);
  });
});

/** True when the link's file is there, and its heading too. Links to other sites are not followed. */
async function isAlive(from: string, link: string): Promise<boolean> {
  if (/^https?:/.test(link)) return true;
  const [file = "", heading] = link.split("#");
  const target = file === "" ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(ROOT, target))) return false;
  if (heading === undefined) return true;
  const titles = [...(await read(target)).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => anchorOf(title));
  return titles.includes(heading);
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** Paths into the sources that stand as code. A bare name belongs to the folder of the path before it in its line. */
function namedFiles(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    let folder: string | undefined;
    return [...line.matchAll(/`([\w./@-]+)`/g)].flatMap(([, name = ""]) => {
      if (/^(src|adapters|test|web|scripts|docs|skills)\//.test(name)) {
        folder = name.endsWith("/") ? name : dirname(name);
        return [name];
      }
      const isBare = /^[\w-]+(\.test)?\.(ts|js|sql|capnp)$/.test(name);
      return isBare && folder !== undefined ? [join(folder, name)] : [];
    });
  });
}

function withoutFences(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, "");
}
