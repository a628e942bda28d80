/** Where a platform's API is: https anywhere, plain http on this computer alone. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

/** Parses a base URL; the answer has no slash at its end. Faults never repeat the text. */
export function parseBaseUrl(text: string): Result<string, Fault> {
  const hint = "use https://…, or http:// to a loopback host";
  if (!URL.canParse(text)) return fail("config", "the API base is no URL", { hint });
  const url = new URL(text);
  const named = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  const loopback =
    url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (named && (url.protocol === "https:" || (url.protocol === "http:" && loopback))) {
    return ok(url.href.replace(/\/+$/, ""));
  }
  return fail("config", "the API base is not allowed", { hint });
}
