/**
 * One conversation with a server over the SDK's client, from its handshake to its end. Nothing else touches the SDK's
 * client. What the server sends is bounded by its transport; what it asks of us is answered here.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  GetPromptResultSchema,
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListToolsResultSchema,
  ReadResourceResultSchema,
  type Tool,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { MCP_TOOLS_MAX, type McpAnswer, type McpCall } from "#contracts/mcp.ts";
import { VERSION } from "#contracts/version.ts";
import { type AskPerson, answerQuestion } from "./elicitation.ts";
import { answered, promptAnswer, resourceAnswer, toolAnswer } from "./result-text.ts";

const HANDSHAKE_MS_MAX = 30_000;
const SDK_MS_MAX = 25 * 3_600_000;
const PAGES_MAX = 32;
const LIST_ITEMS_MAX = 1_000;

export interface SessionEvents {
  readonly onToolsChanged: () => void;
  /** Once, when the connection is over. `code` says why where the transport knows. */
  readonly onClose: (code: string) => void;
  readonly askPerson: AskPerson;
}

export interface OpenCall {
  readonly call: McpCall;
  readonly args: { readonly [key: string]: unknown };
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface Greeting {
  readonly title: string;
  readonly protocol: string;
  readonly resources: boolean;
  readonly prompts: boolean;
}

export class Session {
  readonly #client: Client;
  readonly #transport: Transport;
  readonly #breach: () => string;

  private constructor(client: Client, transport: Transport, breach: () => string) {
    this.#client = client;
    this.#transport = transport;
    this.#breach = breach;
  }

  /** What rule of its transport the server broke; empty while it broke none. */
  get breach(): string {
    return this.#breach();
  }

  /** Shakes hands within 30 s. Rejects with the SDK's error; the transport is closed then. */
  static async open(transport: Transport, events: SessionEvents, signal: AbortSignal): Promise<Session> {
    const client = new Client(
      { name: "wirken", version: VERSION },
      { capabilities: { elicitation: { form: { applyDefaults: true } } } },
    );
    let why = "";
    client.onerror = (error) => {
      why = "code" in error && typeof error.code === "string" ? error.code : why;
    };
    client.onclose = () => events.onClose(why);
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => events.onToolsChanged());
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => answerQuestion(params, events.askPerson));
    await client.connect(transport, { timeout: HANDSHAKE_MS_MAX, signal });
    return new Session(client, transport, () => why);
  }

  get greeting(): Greeting {
    const version = this.#client.getServerVersion();
    const can = this.#client.getServerCapabilities();
    return {
      title: version === undefined ? "" : `${version.name} ${version.version}`,
      protocol: this.#client.transport === undefined ? "" : protocolOf(this.#transport),
      resources: can?.resources !== undefined,
      prompts: can?.prompts !== undefined,
    };
  }

  /** Every page of the tools, up to the number that is passed on. */
  async tools(): Promise<readonly Tool[]> {
    if (this.#client.getServerCapabilities()?.tools === undefined) return [];
    const found: Tool[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX && found.length <= MCP_TOOLS_MAX; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const listed = await this.#client.request({ method: "tools/list", params }, ListToolsResultSchema, {
        timeout: HANDSHAKE_MS_MAX,
      });
      found.push(...listed.tools);
      cursor = listed.nextCursor;
      if (cursor === undefined) break;
    }
    return found;
  }

  /** Carries one call to its end. Rejects with the SDK's error. */
  async perform(open: OpenCall): Promise<McpAnswer> {
    const { call, args } = open;
    const options = optionsOf(open);
    switch (call.ask) {
      case "tool": {
        const params = { name: call.tool, arguments: { ...args } };
        return toolAnswer(
          await this.#client.request({ method: "tools/call", params }, CallToolResultSchema, options),
        );
      }
      case "read_resource": {
        const params = { uri: textArgument(args, "uri") };
        return resourceAnswer(
          await this.#client.request({ method: "resources/read", params }, ReadResourceResultSchema, options),
        );
      }
      case "get_prompt": {
        const params = { name: textArgument(args, "name"), arguments: textArguments(args["arguments"]) };
        return promptAnswer(
          await this.#client.request({ method: "prompts/get", params }, GetPromptResultSchema, options),
        );
      }
      case "list_resources":
        return answered(await this.#resources(options));
      case "list_prompts":
        return answered(await this.#prompts(options));
    }
  }

  close(): void {
    void this.#client.close().catch(() => undefined);
  }

  async #resources(options: CallOptions): Promise<string> {
    const lines: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX && lines.length < LIST_ITEMS_MAX; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const listed = await this.#client.request(
        { method: "resources/list", params },
        ListResourcesResultSchema,
        options,
      );
      lines.push(
        ...listed.resources.map(({ uri, name, description = "" }) => `${uri}\t${name}\t${description}`),
      );
      cursor = listed.nextCursor;
      if (cursor === undefined) break;
    }
    return lines.length === 0 ? "[no resources]" : lines.join("\n");
  }

  async #prompts(options: CallOptions): Promise<string> {
    const lines: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX && lines.length < LIST_ITEMS_MAX; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const listed = await this.#client.request(
        { method: "prompts/list", params },
        ListPromptsResultSchema,
        options,
      );
      for (const { name, description = "", arguments: wanted = [] } of listed.prompts) {
        const names = wanted.map((argument) =>
          argument.required === true ? `${argument.name} (required)` : argument.name,
        );
        lines.push(`${name}\t${description}\t${names.join(", ")}`);
      }
      cursor = listed.nextCursor;
      if (cursor === undefined) break;
    }
    return lines.length === 0 ? "[no prompts]" : lines.join("\n");
  }
}

type CallOptions = ReturnType<typeof optionsOf>;

function optionsOf({ signal, onProgress }: OpenCall) {
  return {
    signal,
    timeout: SDK_MS_MAX, // who performs the call watches its time
    onprogress: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) =>
      onProgress(
        progress.message ??
          `${progress.progress}${progress.total === undefined ? "" : ` of ${progress.total}`}`,
      ),
  };
}

function protocolOf(transport: Transport): string {
  return "protocolVersion" in transport && typeof transport.protocolVersion === "string"
    ? transport.protocolVersion
    : "";
}

function textArgument(args: { readonly [key: string]: unknown }, name: string): string {
  const value = args[name];
  return typeof value === "string" ? value : "";
}

/** A prompt's arguments are texts; what is not is left out, and the server says what it misses. */
function textArguments(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) => (typeof text === "string" ? [[name, text]] : [])),
  );
}
