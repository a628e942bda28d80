/**
 * The methods of signal-cli's JSON-RPC interface that we call, with all their parameters: the options of each command
 * as `signal-cli <command> --help` of 0.13.19 names them, in camel case. `adapters/signal/third-party.test.ts` compares.
 */
type Kind = "string" | "strings" | "number" | "flag";

export const METHODS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  version: {},
  listAccounts: {},
  listContacts: {
    recipient: "strings",
    allRecipients: "flag",
    blocked: "flag",
    name: "string",
    detailed: "flag",
    internal: "flag",
  },
  getAttachment: { id: "string", recipient: "string", groupId: "string" },
  sendTyping: { recipient: "strings", groupId: "string", stop: "flag" },
  send: {
    recipient: "strings",
    groupId: "string",
    username: "strings",
    noteToSelf: "flag",
    notifySelf: "flag",
    message: "string",
    attachment: "strings",
    viewOnce: "flag",
    endSession: "flag",
    mention: "strings",
    textStyle: "strings",
    quoteTimestamp: "number",
    quoteAuthor: "string",
    quoteMessage: "string",
    quoteMention: "strings",
    quoteAttachment: "strings",
    quoteTextStyle: "strings",
    sticker: "string",
    previewUrl: "string",
    previewTitle: "string",
    previewDescription: "string",
    previewImage: "string",
    storyTimestamp: "number",
    storyAuthor: "string",
    editTimestamp: "number",
  },
};

const STYLE = /^\d+:\d+:(BOLD|ITALIC|SPOILER|STRIKETHROUGH|MONOSPACE)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a strict daemon objects to in a request. */
export function violationsOf(request: Readonly<Record<string, unknown>>): readonly string[] {
  const { jsonrpc, id, method, params, ...more } = request;
  const known = METHODS[String(method)];
  if (known === undefined) return [`method ${String(method)} does not exist`];
  const found: string[] = [];
  if (jsonrpc !== "2.0" || typeof id !== "string") found.push("no JSON-RPC 2.0 request with an id");
  if (Object.keys(more).length > 0) found.push("a member that JSON-RPC does not have");
  const given: Readonly<Record<string, unknown>> = Object(params);
  for (const [name, value] of Object.entries(given)) {
    if (name === "account") {
      if (typeof value !== "string") found.push("account is no text");
    } else if (!isKind(known[name], value)) found.push(`${String(method)}: ${name} is not its kind`);
  }
  if (method === "send" || method === "sendTyping") found.push(...targetsOf(given));
  for (const style of listOf(given["textStyle"])) if (!STYLE.test(style)) found.push(`a style ${style}`);
  return found;
}

/** Exactly one recipient: a person by id, or a group. */
function targetsOf(params: Readonly<Record<string, unknown>>): readonly string[] {
  const people = listOf(params["recipient"]);
  const group = params["groupId"];
  if (people.length + (group === undefined ? 0 : 1) !== 1) return ["not exactly one recipient"];
  if (group !== undefined && !/^[A-Za-z0-9+/]{43}=$/.test(String(group)))
    return ["a group id of another shape"];
  return people.every((one) => UUID.test(one)) ? [] : ["a recipient that is not its immutable id"];
}

function isKind(kind: Kind | undefined, value: unknown): boolean {
  switch (kind) {
    case "string":
      return typeof value === "string";
    case "strings":
      return Array.isArray(value) && value.every((one) => typeof one === "string");
    case "number":
      return Number.isSafeInteger(value);
    case "flag":
      return typeof value === "boolean";
    case undefined:
      return false;
  }
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
