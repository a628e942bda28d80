/** What `wirken --version` loads: everything that `src/main.ts` imports before it knows the role. */
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { ROOT } from "#test/source-files.ts";

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** The modules that are loaded with `file`, by static imports alone; types are none. */
async function loadedWith(file: string, found = new Set<string>()): Promise<ReadonlySet<string>> {
  for (const { path, kind } of transpiler.scanImports(await Bun.file(file).text())) {
    if (kind !== "import-statement") continue;
    const target = path.startsWith("#")
      ? join(ROOT, "src", path.slice(1))
      : path.startsWith(".")
        ? join(dirname(file), path)
        : path;
    if (found.has(target)) continue;
    found.add(target);
    if (target.endsWith(".ts")) await loadedWith(target, found);
  }
  return found;
}

test("src/main.ts loads no package and no built-in but node:path before the role is known", async () => {
  const loaded = await loadedWith(join(ROOT, "src", "main.ts"));
  const others = [...loaded].filter((path) => !path.endsWith(".ts"));
  expect(others).toEqual(["node:path"]);
  expect(loaded.size).toBeLessThan(12);
});
