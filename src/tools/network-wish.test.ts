import { expect, test } from "bun:test";
import { parseNetworkWish, rulesOf } from "./network-wish.ts";

test("parseNetworkWish brings hosts into one form", () => {
  expect(
    parseNetworkWish(["Registry.npmjs.org", "http://lab:8080", "registry.npmjs.org:443", "[::1]:99"]),
  ).toEqual({
    ok: true,
    value: ["http://lab:8080", "https://[::1]:99", "https://registry.npmjs.org:443"],
  });
  expect(parseNetworkWish([])).toEqual({ ok: true, value: [] });
  expect(parseNetworkWish(["*"])).toEqual({ ok: true, value: ["*"] });
});

test.each([
  { texts: ["https://a.example/x"] },
  { texts: ["u@a.example"] },
  { texts: ["a b"] },
  { texts: ["ftp://a.example"] },
  { texts: [""] },
  { texts: ["a.example:0"] },
  { texts: ["*.example.com/"] },
  { texts: ["a%2eb"] },
  { texts: ["*", "a"] },
])("parseNetworkWish refuses $texts", ({ texts }) => {
  expect(parseNetworkWish(texts).ok).toBe(false);
});

test("rulesOf holds each host to its scheme and port, and a listed one may lie near", () => {
  const wish = ["http://lab:8080", "https://[::1]:99", "https://a.example:443"];
  expect(rulesOf(wish, ["lab"])).toEqual([
    { scheme: "http", host: "lab", port: 8080, methods: "any", pathPrefix: "/", privateAddress: true },
    { scheme: "https", host: "::1", port: 99, methods: "any", pathPrefix: "/", privateAddress: false },
    { scheme: "https", host: "a.example", port: 443, methods: "any", pathPrefix: "/", privateAddress: false },
  ]);
});
