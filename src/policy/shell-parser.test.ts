import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ShellProblem } from "./shell-ast.ts";
import { parseShell } from "./shell-parser.ts";
import { plainArgv, quotedWords } from "./shell-words.ts";

function wordsOf(text: string): readonly string[] | undefined {
  const parsed = parseShell(text);
  return parsed.ok ? plainArgv(parsed.value) : undefined;
}

function treeOf(text: string) {
  const parsed = parseShell(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.value;
}

describe("plainArgv", () => {
  test.each([
    ["ls -la", ["ls", "-la"]],
    ["  git   log\t--oneline ", ["git", "log", "--oneline"]],
    ["grep 'a b' \"c d\"", ["grep", "a b", "c d"]],
    ["echo a'b'\"c\"", ["echo", "abc"]],
    ["echo '$HOME `x`'", ["echo", "$HOME `x`"]],
    ["printf ''", ["printf", ""]],
    ["env A=1", ["env", "A=1"]],
    ["echo a\\ b", ["echo", "a b"]],
    ['echo "a\\"b\\x"', ["echo", 'a"b\\x']],
    ["so\\\nrt -\\\no x", ["sort", "-o", "x"]],
    ["echo 'a\\'b", ["echo", "a\\b"]],
    ["'if' x", ["if", "x"]],
    ["echo a#b é HEAD~1", ["echo", "a#b", "é", "HEAD~1"]],
    ["ls;\n", ["ls"]],
    ['echo "a$" b$', ["echo", "a$", "b$"]],
  ])("plainArgv reads %p", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test.each([
    ..."'' |A=1 env|ls *|ls ?|ls [a]|ls ~|ls ~ana|ls a=~|ls {a,b}|echo $HOME|echo `x`|echo $(x)|# x|a #b|(a)".split(
      "|",
    ),
    ..."a; b¦a && b¦a | b¦a &¦a > b¦a < b¦! a¦f() { a; }¦{ a; }¦echo 'a¦a b\\¦if a; then b; fi".split("¦"),
    'echo "$HOME"',
    'echo "`x`"',
    "echo $'a\\x20b'",
    "a\nb",
    "echo 'a\nb'",
    "echo 'a\tb'",
    "echo a\rb",
    "echo a\u00a0b",
    "echo a\u202eb",
    "echo a\u1680b",
    "",
  ])("plainArgv leaves %p to a shell", (text) => {
    expect(wordsOf(text)).toBeUndefined();
  });
});

describe("parseShell", () => {
  test.each<[string, ShellProblem]>([
    ["echo 'a", "unterminated"],
    ['echo "a', "unterminated"],
    ["echo $(a", "unterminated"],
    ["echo `a", "unterminated"],
    ["echo ${a", "unterminated"],
    ["echo $((1", "unterminated"],
    ["cat <<E\nx", "unterminated"],
    ["cat <<E", "unterminated"],
    ["(a", "unterminated"],
    ["{ a; ", "unterminated"],
    ["a\\", "unterminated"],
    ["| a", "syntax"],
    ["a | | b", "syntax"],
    ["a && && b", "syntax"],
    ["a &&", "syntax"],
    ["a; ; b", "syntax"],
    ["a )", "syntax"],
    ["()", "syntax"],
    ["(a) b", "syntax"],
    ["a >", "syntax"],
    ["} ", "syntax"],
    ["f() ls", "syntax"],
    ["if a; then b; fi", "compound"],
    ["for a in b; do c; done", "compound"],
    ["while a; do b; done", "compound"],
    ["case a in b) c;; esac", "compound"],
    ["[[ a ]]", "compound"],
    ["a;; b", "differs"],
    ["a &> b", "differs"],
    ["a |& b", "differs"],
    ["a <<< b", "differs"],
    ["a <(b)", "differs"],
    ["a >(b)", "differs"],
    ["((a))", "differs"],
    ["a 12> b", "differs"],
    ["$((a) )", "differs"],
    ["cat <<$E\n$E\n", "differs"],
    ["a\0b", "hidden_character"],
    ["a\r\nb", "hidden_character"],
    ["a\u200bb", "hidden_character"],
    ["a\u3000b", "hidden_character"],
    ["a\ud800b", "hidden_character"],
    [`${"(".repeat(40)}a${")".repeat(40)}`, "differs"],
    [`${"( ".repeat(40)}a${" )".repeat(40)}`, "too_deep"],
    [`echo ${"$( ".repeat(40)}a${" )".repeat(40)}`, "too_deep"],
    [`echo ${`\${a-`.repeat(40)}${"}".repeat(40)}`, "too_deep"],
    ["a".repeat(32_769), "too_long"],
  ])("parseShell refuses %p as %s", (text, problem) => {
    const parsed = parseShell(text);
    expect(parsed.ok ? "understood" : parsed.error).toBe(problem);
  });

  test("parseShell finds lists, pipelines, groups and functions", () => {
    const { parts } = treeOf("a | b && (c; d) || ! { e; } > x & f() { g; }\nh");
    expect(parts.map(({ connector }) => connector)).toEqual(["&&", "||", "&", ";", "end"]);
    const kinds = parts.map(({ pipeline }) => pipeline.commands.map(({ kind }) => kind));
    expect(kinds).toEqual([["simple", "simple"], ["subshell"], ["braces"], ["function"], ["simple"]]);
    expect(parts.map(({ pipeline }) => pipeline.negated)).toEqual([false, false, true, false, false]);
  });

  test("parseShell takes the lines of here-documents from after the line, in order", () => {
    const [first, second] = treeOf("cat <<A <<-'B' | wc\n$x\nA\n\ty\n\tB\nls\n").parts;
    const [cat] = first?.pipeline.commands ?? [];
    if (cat?.kind !== "simple") throw new Error("not a simple command");
    expect(cat.redirections.map(({ operator, body }) => [operator, body])).toEqual([
      ["<<", "$x\n"],
      ["<<-", "y\n"],
    ]);
    expect(second?.pipeline.commands).toHaveLength(1);
  });

  test("parseShell reads what stands in a substitution as a script of its own", () => {
    for (const text of ["echo $(a | b; c)", "echo `a | b; c`", 'echo "$(a | b; c)"', 'echo "`a | b; c`"']) {
      const [command] = treeOf(text).parts[0]?.pipeline.commands ?? [];
      if (command?.kind !== "simple") throw new Error(text);
      const [part] = command.words[1]?.parts ?? [];
      if (part?.kind !== "expansion") throw new Error(text);
      expect(part.script?.parts.map(({ pipeline }) => pipeline.commands.length)).toEqual([2, 1]);
    }
  });

  test("parseShell keeps assignments and numbered redirections apart from words", () => {
    const [command] = treeOf("A=1 B='x y' 2>&1 ls 2>/dev/null 2 >x a=b").parts[0]?.pipeline.commands ?? [];
    if (command?.kind !== "simple") throw new Error("not a simple command");
    expect(command.assignments.map(({ name }) => name)).toEqual(["A", "B"]);
    expect(command.words).toHaveLength(3);
    expect(command.redirections.map(({ operator, descriptor }) => [operator, descriptor])).toEqual([
      [">&", 2],
      [">", 2],
      [">", undefined],
    ]);
  });

  test("parseShell comes to an end on any text, in one of its own words", () => {
    const piece = fc.constantFrom(
      ..."ab \t\n'\"\\$`(){}|&;<>!#=~*-1".split(""),
      "<<E\n",
      "E\n",
      "$((",
      "${",
      "if ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const parsed = parseShell(pieces.join(""));
        expect(parsed.ok || typeof parsed.error === "string").toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test("parseShell reads a quoted argv back as it was", () => {
    const word = fc.string({ unit: "grapheme", maxLength: 8 }).filter((text) => !/\p{C}|\p{Z}/u.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (argv) => {
        const words = wordsOf(quotedWords(["program", ...argv]));
        // What a person could not see is left to a shell; it is never another word.
        if (words !== undefined) expect(words).toEqual(["program", ...argv]);
      }),
      { numRuns: 1_000 },
    );
  });
});
