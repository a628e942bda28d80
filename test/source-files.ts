/** Walks the sources and reads what they import, types and dynamic imports included. For the wall tests. */
import { Glob } from "bun";
import ts from "typescript";

export const ROOT = new URL("..", import.meta.url).pathname;

/** Source files (no tests, no generated code) under a folder, as paths relative to the root. */
export async function sourcesUnder(folder: string): Promise<string[]> {
  const files = await Array.fromAsync(new Glob(`${folder}/**/*.ts`).scan(ROOT));
  return files.filter((file) => !/\.(test|case|test-d)\.ts$/.test(file)).sort();
}

/** Every specifier that the file imports: static, type-only, re-exported, dynamic, `require`. */
export async function importsOf(file: string): Promise<string[]> {
  const text = await Bun.file(`${ROOT}${file}`).text();
  const found = ts.preProcessFile(text, true, true);
  return found.importedFiles.map((imported) => imported.fileName);
}
