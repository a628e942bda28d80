import { expect, test } from "bun:test";
import { judgeApiBase } from "./api-base.ts";

const OWN = ["https://bots.example"];

test.each([
  [undefined, [], true],
  ["http://127.0.0.1:8081", [], true],
  ["https://bots.example/api", OWN, true],
  // a taken-over gateway writes config.json and asks for a restart
  ["https://evil.example", [], false],
  ["https://evil.example", OWN, false],
  ["http://evil.example", [], false],
  ["http://127.0.0.1.evil.example", [], false],
  ["https://bots.example.evil.example", OWN, false],
  ["https://bots.example@evil.example", OWN, false],
  ["https://bots.example:8443", OWN, false],
  ["http://bots.example", OWN, false],
  ["http://127.0.0.1:8081", OWN, false],
  ["file:///etc/passwd", [], false],
  ["nonsense", [], false],
  [undefined, OWN, false],
] as const)("judgeApiBase of %p for a key stored for %p: %p", (apiBase, origins, allowed) => {
  expect(judgeApiBase(apiBase, origins).ok).toBe(allowed);
});
