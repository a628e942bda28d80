/** The strict command line: what it does not know is refused, and says what to try. */
import { describe, expect, test } from "bun:test";
import { ok } from "#contracts/result.ts";
import { type Group, type Leaf, find, isGroup, parseStrictly, usageOf } from "./command.ts";
import { root } from "./root.ts";

const leaf: Leaf = {
  description: "a verb",
  args: {
    name: { type: "positional", description: "a name", required: true },
    scope: { type: "string", alias: "s", description: "a scope", default: "provider" },
    yes: { type: "boolean", description: "do not ask" },
  },
  json: true,
  run: () => Promise.resolve(ok(0)),
};
const tree: Group = { description: "a noun", children: { verb: () => Promise.resolve(leaf) } };

describe("parseStrictly", () => {
  test.each([
    ["an unknown option", ["x", "--scpoe", "y"]],
    ["an unknown short option", ["x", "-z"]],
    ["a surplus operand", ["x", "y"]],
    ["a missing operand", ["--yes"]],
    ["an option without its value", ["x", "--scope"]],
    ["an option whose value looks like an option", ["x", "--scope", "--yes"]],
    ["a value for a flag", ["x", "--yes=no"]],
    ["a member of every object as an option", ["x", "--__proto__", "y"]],
    ["a constructor as an option", ["x", "--constructor"]],
  ])("refuses %s", (_, words) => {
    const parsed = parseStrictly(leaf, ["noun", "verb"], words);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) {
      expect(parsed.error.code).toBe("usage");
      expect(parsed.error.hint).toContain("wirken noun verb --help");
    }
  });

  test("takes what it knows", () => {
    const parsed = parseStrictly(leaf, [], ["x", "-s", "siem", "--yes", "--json"]);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { text, flag } = parsed.value;
    expect([text("name"), text("scope"), flag("yes"), flag("json")]).toEqual(["x", "siem", true, true]);
  });

  test("gives every value of an option that is repeated", () => {
    const parsed = parseStrictly(leaf, [], ["x", "--scope", "a", "--scope=b"]);
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(parsed.value.all("scope")).toEqual(["a", "b"]);
  });

  test("shows no control characters of what it refuses", () => {
    const parsed = parseStrictly(leaf, [], ["x", "--\u001b[31mred"]);
    expect(parsed.ok ? "" : parsed.error.message).not.toContain("\u001b");
  });
});

describe("find", () => {
  test("walks nouns and leaves the rest to the verb", async () => {
    const found = await find(tree, ["verb", "x", "--yes"]);
    if (!found.ok) throw new Error(found.error.message);
    expect([found.value.path, found.value.words]).toEqual([["verb"], ["x", "--yes"]]);
  });

  test.each([["vreb"], ["__proto__"], ["constructor"], ["toString"]])("refuses the word %s", async (word) => {
    const found = await find(tree, [word]);
    expect(found.ok ? "" : found.error.code).toBe("usage");
  });
});

test("every command has a description and its help can be shown", async () => {
  let leaves = 0;
  const visit = async (node: Leaf | Group, path: readonly string[]): Promise<void> => {
    expect(node.description.length).toBeGreaterThan(5);
    expect(await usageOf(node, path)).toContain(path.at(-1) ?? "wirken");
    if (!isGroup(node)) leaves += 1;
    else for (const [word, load] of Object.entries(node.children)) await visit(await load(), [...path, word]);
  };
  await visit(root, []);
  expect(leaves).toBeGreaterThan(30);
});
