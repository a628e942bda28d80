/** Each refusal of a request, by the rule that it breaks. */
import { expect, test } from "bun:test";
import { SecretString } from "#contracts/secret.ts";
import { rule } from "./lab.case.ts";
import { type EgressRequest, type EgressRule, type Refusal, edgeCredential, judge } from "./rule.ts";

const secure = rule({ host: "a.example", port: 443 });
const plain = rule({ scheme: "http", host: "a.example", port: 8_080 });
const made = edgeCredential("key", {
  header: "authorization",
  prefix: "",
  secret: SecretString.take(new TextEncoder().encode("s3cret")),
});
if (!made.ok) throw new Error("fixture");
const keyed = { ...secure, credential: made.value };

const tunnel = (host: string, port: number): EgressRequest => ({ kind: "tunnel", host, port });
const get = (host: string, port: number, path = "/", method = "GET"): EgressRequest => ({
  kind: "forward",
  method,
  host,
  port,
  path,
});

const CASES: readonly (readonly [string, readonly EgressRule[], EgressRequest, Refusal])[] = [
  ["nothing granted", [], tunnel("a.example", 443), "host"],
  ["another host", [secure], tunnel("b.example", 443), "host"],
  ["a longer host", [secure], get("a.example.evil.example", 80), "host"],
  ["a tunnel to another port", [secure], tunnel("a.example", 8_443), "port"],
  ["a request to another port", [secure], get("a.example", 8_443), "port"],
  ["a request to another plain port", [plain], get("a.example", 80), "port"],
  ["a tunnel to a plain port", [plain], tunnel("a.example", 8_080), "not_tls"],
  [
    "a tunnel where methods are granted",
    [{ ...secure, methods: ["GET"] }],
    tunnel("a.example", 443),
    "hidden",
  ],
  ["a tunnel where a path is granted", [{ ...secure, pathPrefix: "/x" }], tunnel("a.example", 443), "hidden"],
  ["a tunnel that a key would not be added in", [keyed], tunnel("a.example", 443), "credential"],
  ["another method", [{ ...secure, methods: ["GET"] }], get("a.example", 80, "/", "PUT"), "method"],
  ["another path", [{ ...secure, pathPrefix: "/x" }], get("a.example", 80, "/xy"), "path"],
];

test.each([...CASES])("judge refuses %s", (_, rules, request, reason) => {
  expect(judge(rules, request)).toEqual({ kind: "refuse", reason });
});

test("judge lets through what was granted, a plain request to port 80 as TLS to the granted port", () => {
  expect(judge([secure], tunnel("a.example", 443))).toMatchObject({ kind: "allow", secure: false });
  expect(judge([keyed, secure], tunnel("a.example", 443))).toMatchObject({ rule: { host: "a.example" } });
  expect(judge([keyed, secure], tunnel("a.example", 443))).not.toHaveProperty("rule.credential");
  expect(judge([keyed], get("a.example", 80))).toMatchObject({ kind: "allow", secure: true });
  expect(judge([plain], get("a.example", 8_080))).toMatchObject({ kind: "allow", secure: false });
});
