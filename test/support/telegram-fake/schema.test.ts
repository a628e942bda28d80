/** The strict fake is strict, and our own table says nothing that the specification does not. */
import { expect, test } from "bun:test";
import { parseHtml } from "./html.ts";
import { SPEC_PATH, fullSchema, ownSchema, violationsOf } from "./schema.ts";

const full = fullSchema();

test("violationsOf names what the Bot API would not take", () => {
  const schema = ownSchema();
  expect(violationsOf(schema, "sendMessage", { chat_id: 1, text: "x" })).toEqual([]);
  expect(violationsOf(schema, "sendMesage", {})).toEqual(["unknown method sendMesage"]);
  expect(violationsOf(schema, "sendMessage", { chat_id: 1, text: "x", agent: "y" }).length).toBe(1);
  expect(violationsOf(schema, "sendMessage", { chat_id: 1.5, text: "x" }).length).toBe(1);
  expect(violationsOf(schema, "sendMessage", { chat_id: 1 }).length).toBe(1);
  const keyboard = { inline_keyboard: [[{ text: "a", data: "b" }]] };
  expect(violationsOf(schema, "sendMessage", { chat_id: 1, text: "x", reply_markup: keyboard }).length).toBe(
    1,
  );
});

test.skipIf(full === undefined)(
  `our table agrees with the specification (skipped without ${"../shared/data"})`,
  () => {
    if (full === undefined) throw new Error(`no ${SPEC_PATH}`);
    const own = ownSchema();
    for (const part of ["methods", "types"] as const) {
      for (const [name, { fields = [] }] of Object.entries(own[part])) {
        const known = full[part][name]?.fields ?? [];
        for (const field of fields) {
          const theirs = known.find((one) => one.name === field.name);
          expect({ name, field: field.name, known: theirs !== undefined }).toEqual({
            name,
            field: field.name,
            known: true,
          });
          for (const type of field.types) expect(theirs?.types).toContain(type);
          expect(theirs?.required).toBe(field.required);
        }
        const missing = known.filter(
          (one) => one.required && !fields.some((field) => field.name === one.name),
        );
        expect(missing.map((one) => `${name}.${one.name}`)).toEqual([]);
      }
    }
  },
);

test("parseHtml refuses what Telegram's HTML style does not have", () => {
  for (const html of [
    "<b>",
    "</b>",
    "<b><i></b></i>",
    "<script>",
    "a & b",
    "<a href='x'>y</a>",
    "<code><b>x</b></code>",
    "a < b",
  ]) {
    expect(typeof parseHtml(html)).toBe("string");
  }
  expect(parseHtml("<b>a</b> &amp; <code>@x</code>")).toMatchObject({ text: "a & @x" });
});
