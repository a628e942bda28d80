/**
 * The routes of the client-server API that the adapter may call, with the parameters and bodies that Matrix 1.11 gives
 * them (https://spec.matrix.org/v1.11/client-server-api/). Anything else is an error.
 */
type Json = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly query: readonly string[];
  /** What is wrong with a body; empty for nothing. */
  readonly body?: (body: Json) => readonly string[];
}

const ROOM = String.raw`/v3/rooms/(![^/]+)`;
const MAX_BYTES = 60_000;
const TAGS = new Set(["a", "b", "i", "s", "code", "pre", "blockquote", "br"]);

export const ROUTES: Readonly<Record<string, Route>> = {
  versions: { method: "GET", path: /^\/versions$/, query: [] },
  whoami: { method: "GET", path: /^\/v3\/account\/whoami$/, query: [] },
  displayname: { method: "GET", path: /^\/v3\/profile\/([^/]+)\/displayname$/, query: [] },
  sync: {
    method: "GET",
    path: /^\/v3\/sync$/,
    query: ["filter", "since", "full_state", "set_presence", "timeout"],
  },
  members: { method: "GET", path: new RegExp(`^${ROOM}/joined_members$`), query: [] },
  encryption: {
    method: "GET",
    path: new RegExp(`^${ROOM}/state/m\\.room\\.encryption/$`),
    query: ["format"],
  },
  event: { method: "GET", path: new RegExp(`^${ROOM}/event/([^/]+)$`), query: [] },
  messages: {
    method: "GET",
    path: new RegExp(`^${ROOM}/messages$`),
    query: ["from", "to", "dir", "limit", "filter"],
  },
  join: {
    method: "POST",
    path: new RegExp(`^${ROOM}/join$`),
    query: [],
    body: (body) => only(body, ["reason"]),
  },
  leave: {
    method: "POST",
    path: new RegExp(`^${ROOM}/leave$`),
    query: [],
    body: (body) => only(body, ["reason"]),
  },
  typing: {
    method: "PUT",
    path: new RegExp(`^${ROOM}/typing/([^/]+)$`),
    query: [],
    body: (body) => [
      ...only(body, ["typing", "timeout"]),
      ...(typeof body["typing"] === "boolean" ? [] : ["typing is no boolean"]),
      ...(body["typing"] === true && typeof body["timeout"] !== "number" ? ["timeout is missing"] : []),
    ],
  },
  send: {
    method: "PUT",
    path: new RegExp(`^${ROOM}/send/(m\\.room\\.message|m\\.reaction)/([^/]+)$`),
    query: [],
  },
  media: { method: "GET", path: /^\/v1\/media\/download\/([^/]+)\/([^/]+)$/, query: ["timeout_ms"] },
};

function only(body: Json, allowed: readonly string[]): readonly string[] {
  return Object.keys(body)
    .filter((key) => !allowed.includes(key))
    .map((key) => `unknown member ${key}`);
}

/** What is wrong with the content of an `m.room.message` or an `m.reaction`. */
export function contentViolations(type: string, content: Json): readonly string[] {
  const found: string[] = [];
  const bytes = Buffer.byteLength(JSON.stringify(content));
  if (bytes > MAX_BYTES) found.push(`an event of ${bytes} bytes`);
  const relation = objectOf(content["m.relates_to"]);
  if (type === "m.reaction") {
    found.push(...only(content, ["m.relates_to"]));
    if (relation["rel_type"] !== "m.annotation") found.push("a reaction that annotates nothing");
    if (!isEvent(relation["event_id"]) || typeof relation["key"] !== "string")
      found.push("a reaction without target");
    return found;
  }
  found.push(
    ...only(content, [
      "msgtype",
      "body",
      "format",
      "formatted_body",
      "m.mentions",
      "m.relates_to",
      "m.new_content",
    ]),
    ...textViolations(content),
  );
  if (relation["rel_type"] === "m.replace") {
    if (!isEvent(relation["event_id"])) found.push("an edit of nothing");
    found.push(...textViolations(objectOf(content["m.new_content"])));
  } else if (content["m.new_content"] !== undefined) found.push("new content without an edit");
  if (relation["rel_type"] === "m.thread" && !isEvent(relation["event_id"]))
    found.push("a thread without root");
  return found;
}

function textViolations(content: Json): readonly string[] {
  const found: string[] = [];
  const { msgtype, body, format, formatted_body: html } = content;
  if (msgtype !== "m.text" && msgtype !== "m.notice") found.push(`msgtype ${String(msgtype)}`);
  if (typeof body !== "string" || body === "") found.push("an empty body");
  if (Object.keys(objectOf(content["m.mentions"])).length > 0) found.push("somebody is called up");
  if (content["m.mentions"] === undefined) found.push("no list of mentions: words alone may call people up");
  if ((format === undefined) !== (html === undefined)) found.push("format and formatted_body do not match");
  if (html === undefined) return found;
  if (format !== "org.matrix.custom.html" || typeof html !== "string")
    return [...found, `format ${String(format)}`];
  for (const [, tag = ""] of html.matchAll(/<\/?([a-z]+)/g)) if (!TAGS.has(tag)) found.push(`tag ${tag}`);
  if (/[<>]/.test(html.replace(/<\/?[a-z]+(?: [a-z]+="[^"<>]*")?>/g, "")))
    found.push("markup that does not close");
  return found;
}

function isEvent(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("$");
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
