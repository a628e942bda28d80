/** What a page's process is told in its hand-off: port and further origins, as text. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

/** A port number; `byDefault` where none was handed over. */
export function readPort(text: string | undefined, byDefault: number): Result<number, Fault> {
  if (text === undefined || text === "") return ok(byDefault);
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return ok(port);
  return fail("config", "the port of a page is no port number", {
    hint: "set WIRKEN_WEBCHAT_PORT and WIRKEN_CONSOLE_PORT to numbers",
  });
}

/** A JSON list of origins; whether each is one is seen when the gate is built. */
export function readOrigins(text: string | undefined): Result<readonly string[], Fault> {
  if (text === undefined || text === "") return ok([]);
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((entry) => typeof entry === "string")) return ok(list);
  } catch {
    // falls through: text that is no JSON is no list either
  }
  return fail("config", "the page's origins are no list of texts", {
    hint: "look at pages.origins in config.json",
  });
}
