/** `http_request`: one request to a host, as it is approved. */
import type { ActionOf } from "#contracts/action.ts";
import type { JsonObject } from "#contracts/json.ts";
import { isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { argumentOf, sha256Hex } from "./digest.ts";
import { type Answer, bodyText, exchange, targetFields } from "./http-exchange.ts";
import { parseTarget } from "./http-target.ts";
import { changed, done, failed, notMine } from "./outcome.ts";
import { type ToolContext, defineTool } from "./tool.ts";
import { credentialFor, headerOf } from "./tool-credential.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const URL_BYTES_MAX = 8_192;
const HEADERS_MAX = 32;
const CREDENTIAL_BYTES_MAX = 64;
/** Headers that say where a request goes or how it is framed are ours. */
const OUR_HEADERS =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect|keep-alive|proxy-.*|sec-.*)$/i;

export const httpRequestTool = defineTool({
  name: "http_request",
  description:
    "Send one HTTP request. Redirects are reported, not followed. A stored credential that you name is added where " +
    "the request leaves; you never see it.",
  schema: objectSchema(
    {
      method: { type: "string", enum: METHODS, description: "GET by default." },
      url: { type: "string", description: "Complete URL, https or http." },
      headers: { type: "object", additionalProperties: { type: "string" } },
      body: { type: "string" },
      credential: {
        type: "string",
        description: "Name of a stored credential of this host. None by default.",
      },
    },
    ["url"],
  ),
  parse: (args) =>
    parseArguments(args, ["method", "url", "headers", "body", "credential"], (reader) => ({
      method: reader.text("method", 16, "GET").toUpperCase(),
      url: reader.text("url", URL_BYTES_MAX),
      headers: reader.texts("headers", HEADERS_MAX),
      body: reader.text("body", LIMITS.http_body_bytes_max, ""),
      credential: reader.text("credential", CREDENTIAL_BYTES_MAX, ""),
    })),
  classify: (args, baseOf, context) => {
    const base = baseOf({ ...args, body: argumentOf(args.body) });
    const refuse = (reason: string, refusal: string) => ({
      action: { ...base, kind: "unknown_tool", name: "http_request", reason } as const,
      refusal,
    });
    const target = parseTarget(args.url);
    if (!target.ok) return refuse("url", target.error);
    if (!METHODS.includes(args.method))
      return refuse("method", `\`method\` must be one of ${METHODS.join(", ")}`);
    const header = badHeader(args.headers);
    if (header !== undefined) return refuse("headers", header);
    const body = args.body === "" ? undefined : new TextEncoder().encode(args.body);
    const typed = context.typedByAsker(args.url) && Object.keys(args.headers).length === 0;
    const fields = targetFields(args.method, target.value, body, typed);
    const sent = body === undefined ? {} : { body };
    if (args.credential === "") return { action: { ...base, ...fields }, ...sent };
    const found = credentialFor(context.credentials, args.credential, target.value);
    if (!found.ok) return refuse("credential", found.error);
    const { name, header: place } = found.value.edge;
    if (Object.keys(args.headers).some((key) => key.toLowerCase() === place))
      return refuse("credential", `the header ${place} is the credential's`);
    return { action: { ...base, ...fields, kind: "credential_use", name, typedByAsker: false }, ...sent };
  },
  perform: async ({ action, body }, context, performance) => {
    if (action.kind !== "network_request" && action.kind !== "credential_use") return notMine();
    const bytes = body ?? new Uint8Array(0);
    if (bytes.length !== action.bodyBytes || sha256Hex(bytes) !== action.bodySha256)
      return changed("the body");
    const added = addedHeader(action, context);
    if (added === undefined) return changed("the credential");
    const headers = { ...headersOf(action.args), ...added };
    const answer = await exchange(action, headers, body, context, performance);
    if (!answer.ok) return answer.error;
    const shown = shownAnswer(answer.value);
    return answer.value.status < 400 ? done(shown) : failed(`http_${answer.value.status}`, shown);
  },
});

/** The credential's header; `undefined` where it is gone, or no longer for this origin. */
function addedHeader(
  action: ActionOf<"network_request"> | ActionOf<"credential_use">,
  { credentials }: ToolContext,
): Readonly<Record<string, string>> | undefined {
  if (action.kind === "network_request") return {};
  const found = credentialFor(credentials, action.name, action);
  return found.ok ? headerOf(found.value) : undefined;
}

function badHeader(headers: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name)) return "a header's name is not one";
    if (OUR_HEADERS.test(name)) return "a header that says where the request goes cannot be set";
    if (!/^[\t\x20-\x7e]{0,8192}$/.test(value))
      return "a header's value holds a character that cannot be sent";
  }
  return undefined;
}

function headersOf(args: JsonObject): Readonly<Record<string, string>> {
  const headers = args["headers"];
  if (!isJsonObject(headers)) return {};
  const texts = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}

function shownAnswer(answer: Answer): string {
  const text = bodyText(answer);
  const head = `HTTP ${answer.status}\ncontent-type: ${answer.contentType || "none"}`;
  const body = text ?? `[not text: ${answer.body.length} bytes, sha256 ${sha256Hex(answer.body)}]`;
  return `${head}\n\n${body}${answer.cut ? `\n[the body is longer than ${LIMITS.http_body_bytes_max} bytes]` : ""}`;
}
