/** What the rehearsal script says to what: sentences → tool calls, tool results → a sentence. Pure. */
import type { ModelMessage } from "#contracts/conversation.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { capMiddle } from "#contracts/visible.ts";
import type { ModelRequest } from "./model.ts";

export interface ScriptStep {
  readonly text: string;
  readonly call: { readonly name: string; readonly args: JsonObject } | undefined;
}

const SHOWN_BYTES_MAX = 4_000;

export const HELP = `I am the rehearsal script, not a model. I cannot think, but every tool I use is real, and you are \
asked and everything is recorded just as with a model. Try one of these:

- list files
- read notes.md
- write hello to notes.md
- edit notes.md: hello -> good day
- search for hello
- run: uname -a
- run with example.com: curl -sI https://example.com
- fetch https://example.com

To talk to a model instead, run \`wirken setup\`.`;

interface Sentence {
  readonly pattern: RegExp;
  /** The tool's name, or how the sentence names it. */
  readonly tool: string | ((groups: readonly string[]) => string);
  readonly args: (groups: readonly string[]) => JsonObject;
}

/** Tried in order on the whole trimmed message. */
const SENTENCES: readonly Sentence[] = [
  {
    pattern: /^(?:please )?(?:list|show)(?: me)?(?: the| all| my)* files(?: (?:in|under) (.+?))?[.!]?$/i,
    tool: "list_files",
    args: ([folder = ""]) => ({ path: folder === "" ? "." : folder }),
  },
  {
    pattern: /^(?:please )?read (?:the file )?(\S+)$/i,
    tool: "read_file",
    args: ([path = ""]) => ({ path }),
  },
  {
    pattern: /^run with ([^\s,]+(?:, ?[^\s,]+)*): ([\s\S]+)$/i,
    tool: "exec",
    args: ([hosts = "", command = ""]) => ({ command, network: hosts.split(/, ?/) }),
  },
  { pattern: /^(?:run|exec)(?::\s*|\s+)([\s\S]+)$/i, tool: "exec", args: ([command = ""]) => ({ command }) },
  { pattern: /^(?:please )?fetch (https?:\/\/\S+)$/i, tool: "fetch_page", args: ([url = ""]) => ({ url }) },
  {
    pattern: /^(get|head|post|put|delete) (https?:\/\/\S+)(?:\s+([\s\S]+))?$/i,
    tool: "http_request",
    args: ([method = "", url = "", body = ""]) => ({
      method: method.toUpperCase(),
      url,
      ...(body === "" ? {} : { body }),
    }),
  },
  {
    pattern: /^write ([\s\S]+) (?:to|into) (\S+)$/i,
    tool: "write_file",
    args: ([content = "", path = ""]) => ({ path, content: `${unquoted(content)}\n` }),
  },
  {
    pattern: /^edit (\S+?):\s*([\s\S]+?)\s*->\s*([\s\S]+)$/i,
    tool: "edit_file",
    args: ([path = "", before = "", after = ""]) => ({
      path,
      old_text: unquoted(before),
      new_text: unquoted(after),
    }),
  },
  {
    // A tool by its name, for what no sentence says: tools of MCP servers, a request with a credential.
    pattern: /^use ([a-z]+_[\w-]+|exec)(?:\s+(\{[\s\S]*\}))?$/,
    tool: ([name = ""]) => name,
    args: ([, json = ""]) => jsonObject(json),
  },
  {
    pattern: /^(?:please )?search (?:for )?([\s\S]+)$/i,
    tool: "search_files",
    args: ([query = ""]) => ({ query: unquoted(query) }),
  },
];

/** How the guard's and the policy's own sentences begin when a call did not run. */
const NOT_DONE =
  /^(?:Refused by policy|A person refused|Nobody answered|The turn was stopped|The call changed|Too many|An earlier)/;

/** Where a message's words end and what came with them begins. */
const FILE_NOTE = /(?:^|\n\n)(?=\[attached file: )/;

const UNDO =
  "Undo stands on the card of the edit: open it and press Undo, or run `wirken ask -m` with the old text.";

/** The script's next step: a sentence about the result that just came, or what the last message asks for. */
export function nextStep({ messages, tools }: ModelRequest): ScriptStep {
  const last = messages.at(-1);
  if (last === undefined) return { text: HELP, call: undefined };
  if (last.role === "tool") return { text: afterResult(last), call: undefined };
  const [said = "", ...files] = last.text.split(FILE_NOTE).map((part) => part.trim());
  const path = /in the workspace at (\S+)\]/.exec(files.join(" "))?.[1];
  if (said === "" && path !== undefined) {
    return { text: `A file came and lies in the workspace. Try: read ${path}`, call: undefined };
  }
  if (/^undo[.!]?$/i.test(said)) return { text: UNDO, call: undefined };
  for (const { pattern, tool, args } of SENTENCES) {
    const found = pattern.exec(said);
    if (found === null) continue;
    const groups = found.slice(1).map((group) => group ?? "");
    const wanted = typeof tool === "string" ? tool : tool(groups);
    if (!tools.some(({ name }) => name === wanted)) {
      return { text: `The tool ${wanted} is not there for this agent.`, call: undefined };
    }
    return { text: "", call: { name: wanted, args: args(groups) } };
  }
  return { text: HELP, call: undefined };
}

function jsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function afterResult(result: ModelMessage & { readonly role: "tool" }): string {
  const text = result.text.trim();
  if (NOT_DONE.test(text)) {
    return `That did not happen. ${text.replace(/ Do not (?:try|ask)[^.]*\./, "")}`;
  }
  if (text === "") return `${result.name} is done; it printed nothing.`;
  return `This is what ${result.name} gave back:\n\n${fenced(capMiddle(text, SHOWN_BYTES_MAX))}`;
}

/** A code block whose fence is longer than any run of backticks inside. */
function fenced(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}\n${text}\n${fence}`;
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  return /^"[\s\S]*"$|^'[\s\S]*'$/.test(trimmed) && trimmed.length >= 2 ? trimmed.slice(1, -1) : trimmed;
}
