/** The strict fake is strict: it takes what the Bot API takes, and nothing else. */
import { expect, test } from "bun:test";
import { parseHtml } from "./html.ts";
import { botApiSchema, violationsOf } from "./schema.ts";

test("violationsOf names what the Bot API would not take", () => {
  const schema = botApiSchema();
  expect(violationsOf(schema, "sendMessage", { chat_id: 1, text: "x" })).toEqual([]);
  expect(violationsOf(schema, "sendMesage", {})).toEqual(["unknown method sendMesage"]);
  expect(violationsOf(schema, "sendMessage", { chat_id: 1, text: "x", agent: "y" }).length).toBe(1);
  expect(violationsOf(schema, "sendMessage", { chat_id: 1.5, text: "x" }).length).toBe(1);
  expect(violationsOf(schema, "sendMessage", { chat_id: 1 }).length).toBe(1);
  const command = { type: "commands" };
  expect(violationsOf(schema, "setChatMenuButton", { menu_button: command })).toEqual([]);
  expect(violationsOf(schema, "setChatMenuButton", { menu_button: { ...command, colour: 1 } }).length).toBe(
    1,
  );
  const keyboard = { inline_keyboard: [[{ text: "a", data: "b" }]] };
  expect(violationsOf(schema, "sendMessage", { chat_id: 1, text: "x", reply_markup: keyboard }).length).toBe(
    1,
  );
});

test("botApiSchema knows every method and every type that it names", () => {
  const { methods, types } = botApiSchema();
  expect(methods.size).toBe(180);
  expect(
    methods
      .get("sendMessage")
      ?.fields.filter(({ required }) => required)
      .map(({ name }) => name),
  ).toEqual(["chat_id", "text"]);
  const plain = new Set(["Integer", "Float", "String", "Boolean", "True"]);
  const named = [...methods.values(), ...types.values()].flatMap(({ fields, subtypes }) => [
    ...fields.flatMap((field) => field.types.map((type) => type.replaceAll("[]", ""))),
    ...subtypes,
  ]);
  expect(named.filter((name) => !plain.has(name) && !types.has(name))).toEqual([]);
});

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
