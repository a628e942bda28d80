/** What every answer of a page must carry, written out: a header that is taken away is not missed by its own table. */
import { expect, test } from "bun:test";
import { answer } from "./headers.ts";

const POLICY: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self' data:",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
  "require-trusted-types-for": "'script'",
  "trusted-types": "'none'",
};

test("answer lets a page load its own files, run no other code, and be framed, embedded or sent to by nobody", () => {
  const { headers } = answer(200, "text/html", "");
  const policy = headers.get("content-security-policy") ?? "";
  const directives = policy.split("; ").map((directive) => {
    const [name = "", ...values] = directive.split(" ");
    return [name, values.join(" ")] as const;
  });
  expect(Object.fromEntries(directives)).toEqual(POLICY);
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
});
