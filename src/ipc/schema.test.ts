/** The layout tables against `wirken.capnp`: names, types and enumerants always, offsets where the `capnp` tool is. */
import { describe, expect, test } from "bun:test";
import { CAPNP } from "./capnp-tool.case.ts";
import { FRAME_TABLES } from "./frame-codec.ts";
import { PAYLOAD_TABLES } from "./payload-schema.ts";

const TABLES = [...FRAME_TABLES, ...PAYLOAD_TABLES];
const BANNED = /agent|host|target|route|destination|recipient/i;
const PATH = new URL("wirken.capnp", import.meta.url).pathname;
const source = await Bun.file(PATH).text();

/** Fields in order by struct, from schema text: `name @0 :Type;`. */
function structsOf(text: string): Map<string, { name: string; type: string; place: string }[]> {
  const structs = new Map<string, { name: string; type: string; place: string }[]>();
  for (const [, name = "", body = ""] of text.matchAll(/^struct (\w+)[^{]*\{([\s\S]*?)^\}/gm)) {
    const fields = [...body.matchAll(/^\s+(\w+) @\d+ :([\w()]+);(?:\s+# (\S+ ?\S*))?$/gm)];
    structs.set(
      name,
      fields.map(([, field = "", type = "", place = ""]) => ({ name: field, type, place })),
    );
  }
  return structs;
}

function enumsOf(text: string): Map<string, string[]> {
  const enums = new Map<string, string[]>();
  for (const [, name = "", body = ""] of text.matchAll(/^enum (\w+) \{([^}]*)\}/gm)) {
    enums.set(
      name,
      [...body.matchAll(/(\w+) @\d+;/g)].map(([, word = ""]) => word),
    );
  }
  return enums;
}

const BITS: { readonly [type: string]: number } = {
  Bool: 1,
  UInt8: 8,
  UInt16: 16,
  UInt32: 32,
  UInt64: 64,
  Int64: 64,
};

/** A field's place as the tool prints it. */
function placeOf(type: string, at: number): string {
  if (type === "Text" || type === "Data" || type.startsWith("List(")) return `ptr[${at}]`;
  const bits = BITS[type] ?? 16;
  return `bits[${at * bits}, ${(at + 1) * bits})`;
}

describe("wirken.capnp", () => {
  const text = source.replace(/ +# .*$/gm, "");

  test.each(TABLES.map((table) => [table.name, table] as const))(
    "%s has the table's fields",
    (name, table) => {
      const fields = Object.entries(table.fields).map(([field, { type }]) => ({
        name: field,
        type,
        place: "",
      }));
      expect(structsOf(text).get(name)).toEqual(fields);
    },
  );

  test("has the tables' enumerants in their order", () => {
    let count = 0;
    for (const table of TABLES) {
      for (const field of Object.values(table.fields)) {
        if (field.words === undefined) continue;
        count += 1;
        const words = Array.from<string>(field.words).map((word) =>
          word.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        );
        expect(enumsOf(text).get(field.type)).toEqual(words);
      }
    }
    expect(count).toBe(8);
    expect(enumsOf(text).size).toBe(count);
  });

  test("names nothing that routes", () => {
    const payload = source.slice(source.indexOf("struct Payload"));
    const names = [...structsOf(payload.replace(/ +# .*$/gm, "")).values()].flat().map((field) => field.name);
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => BANNED.test(name))).toEqual([]);
  });

  if (CAPNP === null) console.error("skipped: the offsets of wirken.capnp, no capnp tool here");
  test.skipIf(CAPNP === null)("lies where the tables say, by the capnp tool (needs capnp)", () => {
    const run = Bun.spawnSync([CAPNP ?? "", "compile", "-ocapnp", PATH], { stdin: "ignore" });
    const compiled = structsOf(run.stdout.toString());
    const sizes = new Map(
      [...run.stdout.toString().matchAll(/^struct (\w+) .*# (\d+) bytes, (\d+) ptrs/gm)].map(
        ([, name = "", bytes, pointers]) => [name, [Number(bytes) / 8, Number(pointers)]] as const,
      ),
    );
    for (const table of TABLES) {
      expect(sizes.get(table.name)).toEqual([table.dataWords, table.pointers]);
      const places = Object.entries(table.fields).map(([name, { type, at }]) => [name, placeOf(type, at)]);
      expect((compiled.get(table.name) ?? []).map(({ name, place }) => [name, place])).toEqual(places);
    }
    for (const union of ["Frame", "Payload", "Part"]) expect(sizes.get(union)).toEqual([1, 1]);
  });
});
