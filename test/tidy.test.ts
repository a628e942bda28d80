/** Style as a test: one home for each effect, assertions in one file, sizes. Exceptions only shrink. */
import { describe, expect, test } from "bun:test";
import ts from "typescript";
import { ROOT, sourcesUnder } from "./source-files.ts";
import { EFFECTS } from "./zones.ts";

const LINES_MAX = 300;
const LINE_CHARS_MAX = 120;
/** A line that holds a sentence for people: the formatter does not break it, and neither should a person. */
const SENTENCE = /["`][^"`]{40,}/;
const ASSERTION_HOME = "src/contracts/brand.ts";

const files = (await Promise.all(["src", "adapters"].map(sourcesUnder)))
  .flat()
  .filter((file) => !file.endsWith(".generated.ts"));
const texts = new Map(
  await Promise.all(files.map(async (file) => [file, await Bun.file(`${ROOT}${file}`).text()] as const)),
);

describe("the sources", () => {
  test("are found", () => {
    expect(files.length).toBeGreaterThan(40);
  });

  test.each([...EFFECTS])("keep $name at home: $why", ({ pattern, homes }) => {
    const strays = [...texts]
      .filter(([file, text]) => !homes.includes(file) && pattern.test(withoutComments(text)))
      .map(([file]) => file);
    expect(strays).toEqual([]);
    for (const home of homes) expect(pattern.test(texts.get(home) ?? "")).toBe(true);
  });

  test("assert types in one file alone", () => {
    const strays: string[] = [];
    for (const [file, text] of texts) {
      if (file === ASSERTION_HOME) continue;
      const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
      const visit = (node: ts.Node): void => {
        const isConst = ts.isAsExpression(node) && node.type.getText(tree) === "const";
        const asserts =
          ts.isAsExpression(node) || ts.isTypeAssertionExpression(node) || ts.isNonNullExpression(node);
        if (asserts && !isConst) {
          strays.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(tree);
    }
    expect(strays).toEqual([]);
  });

  test("stay short", () => {
    const long = [...texts]
      .map(([file, text]) => [file, text.split("\n").length] as const)
      .filter(([, n]) => n > LINES_MAX);
    expect(long).toEqual([]);
  });

  test("keep lines within the page", () => {
    const wide: string[] = [];
    for (const [file, text] of texts)
      text.split("\n").forEach((line, at) => {
        if (line.length > LINE_CHARS_MAX && !SENTENCE.test(line)) wide.push(`${file}:${at + 1}`);
      });
    expect(wide).toEqual([]);
  });

  test("open by saying what they are for", () => {
    const silent = [...texts].filter(([, text]) => !/^(\/\*\*|\/\/)/.test(text)).map(([file]) => file);
    expect(silent).toEqual([]);
  });

  test("hold no barrel and no utils", () => {
    const bad = files.filter((file) => /(^|\/)(index|utils?|helpers|misc|common)\.ts$/.test(file));
    expect(bad).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:])\/\/.*$/gm, "$1");
}
