/** Origins of the configuration: one to the letter, or the start is refused. */
import { expect, test } from "bun:test";
import { admit, gateOf } from "./gate.ts";

test.each([
  "https://wirken.example/",
  "https://wirken.example/chat",
  "https://user@wirken.example",
  "https://WIRKEN.example",
  "https://wirken.example:443",
  "ftp://wirken.example",
  "wirken.example",
  "null",
  "*",
  "",
])("gateOf refuses the configured origin %p", (text) => {
  const gate = gateOf(18_790, [text]);
  expect(gate.ok ? "taken" : gate.error.code).toBe("config");
});

test("admit lets a configured origin in under its own name", () => {
  const gate = gateOf(18_790, ["https://wirken.example"]);
  if (!gate.ok) throw new Error(gate.error.message);
  const knock = (host: string, origin: string) =>
    admit(gate.value, { method: "POST", headers: new Headers({ host, origin }), api: true });
  expect(knock("wirken.example", "https://wirken.example").ok).toBe(true);
  expect(knock("wirken.example", "http://wirken.example")).toEqual({ ok: false, error: "origin" });
  expect(knock("wirken.example:18790", "https://wirken.example")).toEqual({ ok: false, error: "host" });
});
