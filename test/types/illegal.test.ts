/** Runs the compiler over `illegal.test-d.ts` with the repository's own options, and over a copy whose walls are gone. */
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dir, "../..");
const FILE = join(import.meta.dir, "illegal.test-d.ts");

/** Errors in the one file, as `line: message`. `text` stands in for the file's own text. */
function errorsOf(text?: string): readonly string[] {
  const path = join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(path));
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  const source = host.getSourceFile.bind(host);
  host.readFile = (name) => (name === FILE && text !== undefined ? text : read(name));
  host.getSourceFile = (name, ...rest) =>
    name === FILE && text !== undefined ? ts.createSourceFile(name, text, rest[0]) : source(name, ...rest);
  const program = ts.createProgram([FILE, join(ROOT, "node_modules/@types/bun/index.d.ts")], options, host);
  const file = program.getSourceFile(FILE);
  if (file === undefined) throw new Error("the compiler did not see the file");
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((found) => {
    const line = file.getLineAndCharacterOfPosition(found.start ?? 0).line + 1;
    return `${line}: ${ts.flattenDiagnosticMessageText(found.messageText, " ")}`;
  });
}

test("illegal programs do not compile, and the legal ones beside them do", () => {
  expect(errorsOf()).toEqual([]);
}, 60_000);

test("illegal programs each give an error once nothing expects it", async () => {
  const text = await Bun.file(FILE).text();
  const expected = text.split("\n").filter((line) => /^\s*\/\/ @ts-expect-error/.test(line)).length;
  const errors = errorsOf(text.replaceAll("@ts-expect-error", "once expected:"));
  expect(expected).toBeGreaterThan(15);
  expect(new Set(errors.map((error) => error.split(":")[0])).size).toBe(expected);
}, 60_000);
