import { expect, test } from "bun:test";
import { hostName } from "./config.ts";

test.each(["a.example", "localhost", "127.0.0.1", "::1", "A.Example", "xn--bcher-kva.example"])(
  "hostName takes %s",
  (host) => {
    expect(hostName.safeParse(host).success).toBe(true);
  },
);

test.each([
  "a.example:443",
  "https://a.example",
  "a.example/x",
  "u@a.example",
  "*.example",
  "",
  "a b",
  "a.example:",
  "[::1]",
])("hostName refuses %s, which would match no request", (host) => {
  expect(hostName.safeParse(host).success).toBe(false);
});
