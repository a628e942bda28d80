/** Who may import whom: the rows of zones.ts against the sources. */
import { describe, expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import { importsOf, sourcesUnder } from "./source-files.ts";
import { ZONES, type Zone } from "./zones.ts";

const ROWS = Object.entries<Zone>(ZONES);
const ALIASES: Readonly<Record<string, string>> = {
  "#kit": "adapters/kit",
  "#adapters": "adapters",
  "#web": "web",
  "#test": "test",
};
/** The two files that put zones side by side: they choose, they hold no logic. */
const ROOTS = ["src/main.ts", "src/run-role.ts"];
const EMBEDS = /\.(sql|html|css|js|svg|capnp|node|md)$/;

describe("a zone", () => {
  test.each(ROWS)("%s imports only what its row names", async (zone, row) => {
    const files = await sourcesUnder(zone);
    expect(files.length).toBeGreaterThan(0); // a renamed folder must not pass by being empty
    const broken: string[] = [];
    for (const file of files)
      for (const specifier of await importsOf(file)) {
        if (!allows(zone, row, specifier, file)) broken.push(`${file} -> ${specifier}`);
      }
    expect(broken).toEqual([]);
  });

  test("rows point one way", () => {
    const seen = new Map<string, number>();
    const depth = (zone: string, path: readonly string[]): number => {
      if (path.includes(zone)) throw new Error(`cycle: ${[...path, zone].join(" -> ")}`);
      const known = seen.get(zone);
      if (known !== undefined) return known;
      const row = ROWS.find(([name]) => name === zone)?.[1];
      if (row === undefined) throw new Error(`no row for ${zone}`);
      const own = 1 + Math.max(0, ...row.zones.map((other) => depth(other, [...path, zone])));
      seen.set(zone, own);
      return own;
    };
    for (const [zone] of ROWS) expect(depth(zone, [])).toBeGreaterThan(0);
  });

  test("no source file stands outside a zone", async () => {
    const files = [...(await sourcesUnder("src")), ...(await sourcesUnder("adapters"))];
    const homeless = files.filter((file) => !ROOTS.includes(file) && zoneOf(file) === undefined);
    expect(homeless).toEqual([]);
  });

  test("main.ts imports roles lazily", async () => {
    const text = await Bun.file(new URL("../src/main.ts", import.meta.url)).text();
    const eager = [...text.matchAll(/^import .* from "([^"]+)"/gm)].map((match) => match[1]);
    for (const specifier of eager) expect(specifier).toMatch(/^#(contracts|host|confine)\//);
  });
});

function allows(zone: string, row: Zone, specifier: string, file: string): boolean {
  if (specifier.startsWith("node:") || specifier.startsWith("bun:")) return row.builtins.includes(specifier);
  if (specifier === "bun") return false;
  const target = resolve(specifier, file);
  if (target === undefined) {
    return row.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  }
  if (target.startsWith("web/")) return EMBEDS.test(target);
  const other = zoneOf(target);
  return other === zone || (other !== undefined && row.zones.includes(other));
}

/** The path of a file of ours that a specifier names, or undefined for a package. */
function resolve(specifier: string, file: string): string | undefined {
  if (specifier.startsWith(".")) return normalize(join(dirname(file), specifier));
  const [alias = "", ...rest] = specifier.split("/");
  if (!alias.startsWith("#") || rest.length === 0) return undefined;
  return [ALIASES[alias] ?? `src/${alias.slice(1)}`, ...rest].join("/");
}

function zoneOf(path: string): string | undefined {
  return ROWS.map(([name]) => name).find((name) => path.startsWith(`${name}/`));
}
