/** `fetch_page`: a web page as readable text. */
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { htmlText } from "./html-text.ts";
import { bodyText, exchange, targetFields } from "./http-exchange.ts";
import { parseTarget } from "./http-target.ts";
import { done, failed, notMine } from "./outcome.ts";
import { defineTool } from "./tool.ts";

const URL_BYTES_MAX = 8_192;
const HEADERS = { Accept: "text/html,text/plain;q=0.9,*/*;q=0.1" } as const;

export const fetchPageTool = defineTool({
  name: "fetch_page",
  description: "Fetch a web page and return its readable text. Redirects are reported, not followed.",
  schema: objectSchema({ url: { type: "string", description: "Complete URL, https or http." } }, ["url"]),
  parse: (args) => parseArguments(args, ["url"], (reader) => ({ url: reader.text("url", URL_BYTES_MAX) })),
  classify: (args, baseOf, context) => {
    const base = baseOf({ url: args.url });
    const target = parseTarget(args.url);
    if (!target.ok) {
      return {
        action: { ...base, kind: "unknown_tool", name: "fetch_page", reason: "url" },
        refusal: target.error,
      };
    }
    const fields = targetFields("GET", target.value, undefined, context.typedByAsker(args.url));
    return { action: { ...base, ...fields } };
  },
  perform: async ({ action }, context, performance) => {
    if (action.kind !== "network_request" || action.method !== "GET") return notMine();
    const answer = await exchange(action, HEADERS, undefined, context, performance);
    if (!answer.ok) return answer.error;
    const { status, contentType, cut } = answer.value;
    const text = bodyText(answer.value);
    if (text === undefined) return failed("not_text", `the page is not text (${contentType.slice(0, 100)})`);
    const html = /html/i.test(contentType) || /^\s*<(!doctype html|html)/i.test(text);
    const readable = html ? await htmlText(text) : text;
    const note = cut ? `\n[the page is longer than ${LIMITS.http_body_bytes_max} bytes]` : "";
    return status < 400 ? done(readable + note) : failed(`http_${status}`, `HTTP ${status}\n\n${readable}`);
  },
});
