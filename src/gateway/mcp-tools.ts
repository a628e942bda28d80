/**
 * Tools of MCP servers as the guard and the models know them: which are offered, what a call of one is as an action,
 * and how it is carried to the proxy. A tool is offered only while it is defined as an operator approved it.
 */
import { hash } from "node:crypto";
import type { ActionOf } from "#contracts/action.ts";
import type { ModelCall, ToolSpec } from "#contracts/conversation.ts";
import type { AgentId } from "#contracts/ids.ts";
import { type JsonObject, canonicalJson, isJsonObject, nestingOf } from "#contracts/json.ts";
import {
  MCP_NESTING_MAX,
  MCP_QUESTION,
  type McpAsk,
  type McpQuestion,
  type McpServerView,
  definitionText,
} from "#contracts/mcp.ts";
import { utf8Head } from "#contracts/visible.ts";
import { done, failed } from "#tools/outcome.ts";
import type { Performance, Prepared, ToolOutcome } from "#tools/tool.ts";
import type { McpLink } from "./mcp-link.ts";
import {
  MCP_PREFIX,
  METHOD_TOOLS,
  type MethodTool,
  isMethodTool,
  methodName,
  modelName,
} from "./mcp-names.ts";
import type { McpPins, Pin } from "./mcp-pins.ts";

/** The proxy ends a call by the server's own limits; this only ends one whose proxy forgot it. */
const CALL_MS_MAX = 25 * 3_600_000;
const CANCEL_MS_MAX = 5_000;
const INPUT_BYTES_MAX = 1_048_576;
const DESCRIPTION_BYTES_MAX = 8_192;

export type ToolStanding = "new" | "approved" | "changed" | "name_taken";

/** A tool of a server, and whether it may be used. */
export interface McpTool {
  readonly server: string;
  /** Its name at the server, or one of the protocol's methods. */
  readonly tool: string;
  /** Its name for models. */
  readonly name: string;
  readonly ask: McpAsk;
  readonly definition: string;
  readonly hash: string;
  readonly readOnly: boolean;
  readonly standing: ToolStanding;
  readonly pin: Pin | undefined;
}

export interface McpPerformance extends Performance {
  /** Asks a person about something that the server wants to know within the call. */
  readonly question: (question: McpQuestion) => Promise<boolean>;
}

export class McpTools {
  readonly #link: McpLink;
  readonly #pins: McpPins;
  /** Hashes are made once for each view: every turn asks for them. */
  readonly #hashed = new WeakMap<McpServerView, readonly Hashed[]>();
  readonly #questions = new Map<string, McpPerformance["question"]>();

  constructor(link: McpLink, pins: McpPins) {
    this.#link = link;
    this.#pins = pins;
  }

  /** Every tool of a server as it is known now. */
  of(view: McpServerView): readonly McpTool[] {
    const taken = new Set<string>();
    return this.#definitionsOf(view).map(({ tool, name, ask, definition, digest }) => {
      const pin = this.#pins.of(view.server, tool);
      const isTaken = taken.has(name);
      taken.add(name);
      const approved = pin === undefined ? "new" : pin.hash === digest ? "approved" : "changed";
      return {
        server: view.server,
        tool,
        name,
        ask,
        definition,
        hash: digest,
        readOnly: view.readOnlyTools.includes(tool),
        standing: isTaken ? "name_taken" : approved,
        pin,
      };
    });
  }

  /** What a model of an agent is told. */
  specs(agent: AgentId): readonly ToolSpec[] {
    return this.#link
      .views()
      .filter((view) => view.agents?.includes(agent) ?? true)
      .flatMap((view) => this.of(view))
      .filter(({ standing }) => standing === "approved")
      .map(specOf);
  }

  /** True for names that are ours to classify. */
  owns(name: string): boolean {
    return name.startsWith(MCP_PREFIX);
  }

  /** A model's call as an action. Total: what cannot be done is `unknown_tool` with a refusal. */
  prepare(call: ModelCall, agent: AgentId): Prepared {
    const base = { call: call.id, tool: call.name, args: {}, plan: "" };
    const refuse = (reason: string, refusal: string): Prepared => ({
      action: { ...base, kind: "unknown_tool", name: call.name, reason },
      refusal,
    });
    const tool = this.#named(call.name, agent);
    if (tool === undefined) return refuse("name", "there is no such tool, or its server is not connected");
    if (tool.standing !== "approved") return refuse("not_approved", REFUSALS[tool.standing]);
    const input = inputOf(call.args);
    if (input === undefined) return refuse("json", "the arguments are not a JSON object, or too large");
    const { server, tool: mcpTool, hash: definition, readOnly } = tool;
    return { action: { ...base, kind: "mcp_call", server, mcpTool, definition, readOnly, input } };
  }

  /** Carries an approved call to its server and back. */
  async perform(action: ActionOf<"mcp_call">, performance: McpPerformance): Promise<ToolOutcome> {
    const { signal, onLine, question } = performance;
    const { call, server, mcpTool: tool, input } = action;
    const ask: McpAsk = isMethodTool(tool) ? METHOD_TOOLS[tool].ask : "tool";
    const definition = ask === "tool" ? action.definition : "";
    const cancel = (): void => void this.#link.ask("cancel", { call }, CANCEL_MS_MAX);
    using ends = new DisposableStack();
    ends.defer(this.#link.follow(call, onLine));
    this.#questions.set(call, question);
    ends.defer(() => this.#questions.delete(call));
    ends.defer(() => signal.removeEventListener("abort", cancel));
    signal.addEventListener("abort", cancel, { once: true });
    const params = { call, server, ask, tool, definition, input };
    const answered = await this.#link.ask("call", params, CALL_MS_MAX);
    if (!answered.ok) return failed(answered.error.reason ?? answered.error.code, answered.error.message);
    const { ok, code, text } = answered.value;
    return ok ? done(text) : failed(code, text);
  }

  /** A server's question about one of its calls that run; false for any other. */
  question(question: McpQuestion): Promise<boolean> {
    return this.#questions.get(question.call)?.(question) ?? Promise.resolve(false);
  }

  /** Where a call runs, for the approver. */
  where(server: string): string {
    const view = this.#link.view(server);
    if (view === undefined) return `MCP server ${server}`;
    if (view.transport === "http") return `MCP server ${server} at ${view.network}`;
    return `MCP server ${server}, its own process, ${view.network === "none" ? "no network" : "any network"}`;
  }

  #definitionsOf(view: McpServerView): readonly Hashed[] {
    const known = this.#hashed.get(view);
    if (known !== undefined) return known;
    const made = definitionsOf(view).map((each) => ({
      ...each,
      digest: hash("sha256", each.definition, "hex"),
    }));
    this.#hashed.set(view, made);
    return made;
  }

  #named(name: string, agent: AgentId): McpTool | undefined {
    return this.#link
      .views()
      .filter((view) => view.agents?.includes(agent) ?? true)
      .flatMap((view) => this.of(view))
      .find((tool) => tool.name === name);
  }
}

const REFUSALS = {
  new: "no operator approved this tool yet: `wirken mcp approve` shows it. Nothing was called.",
  changed:
    "this tool is defined otherwise than an operator approved it, so it was not called: `wirken mcp approve` shows what changed",
  name_taken: "two tools of this server have the same name for models; this one is not called",
} as const satisfies Record<Exclude<ToolStanding, "approved">, string>;

type Defined = Pick<McpTool, "tool" | "name" | "ask" | "definition">;
type Hashed = Defined & { readonly digest: string };

/** The protocol's own methods come first, so that no tool of a server can take their names. */
function definitionsOf(view: McpServerView): readonly Defined[] {
  const methods: readonly MethodTool[] = [
    ...(view.resources ? (["resources/list", "resources/read"] as const) : []),
    ...(view.prompts ? (["prompts/list", "prompts/get"] as const) : []),
  ];
  const own = methods.map((method) => ({
    tool: method,
    name: methodName(view.server, method),
    ask: METHOD_TOOLS[method].ask,
    definition: methodDefinition(method),
  }));
  const theirs = view.tools
    .filter(({ name }) => !isMethodTool(name) && name !== MCP_QUESTION)
    .map(
      ({ name, definition }) =>
        ({ tool: name, name: modelName(view.server, name), ask: "tool", definition }) as const,
    );
  return [...own, ...theirs];
}

function methodDefinition(method: MethodTool): string {
  const { description, properties, required } = METHOD_TOOLS[method];
  const inputSchema = { type: "object", properties, required, additionalProperties: false };
  return definitionText({
    name: method,
    title: "",
    description,
    inputSchema,
    outputSchema: null,
    annotations: null,
  });
}

function specOf({ name, definition, server }: McpTool): ToolSpec {
  const parsed: unknown = JSON.parse(definition);
  const parts = isJsonObject(parsed) ? parsed : {};
  const { description, inputSchema } = parts;
  const text = typeof description === "string" ? description : "";
  return {
    name,
    description: utf8Head(`MCP server ${server}. ${text.toWellFormed()}`, DESCRIPTION_BYTES_MAX),
    parameters: inputSchema !== undefined && isJsonObject(inputSchema) ? inputSchema : EMPTY_SCHEMA,
  };
}

const EMPTY_SCHEMA: JsonObject = { type: "object", properties: {} };

/** The arguments as they will be sent: canonical, so that the same call is the same text. */
function inputOf(args: string): string | undefined {
  if (args.length > INPUT_BYTES_MAX || nestingOf(args) > MCP_NESTING_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(args === "" ? "{}" : args);
    return isJsonObject(value) ? canonicalJson(value) : undefined;
  } catch {
    return undefined;
  }
}
