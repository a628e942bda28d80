/**
 * The gateway's end of the MCP proxy's connection: methods out, each server's newest view, progress and questions in.
 * While no proxy is connected there are no servers, and every method fails with `unavailable`.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import {
  MCP_ASK_PERSON,
  MCP_EGRESS,
  MCP_EVENTS,
  MCP_METHODS,
  type McpEgress,
  type McpMethod,
  type McpParams,
  type McpQuestion,
  type McpResult,
  type McpServerView,
  mcpEgressSchema,
  mcpQuestionSchema,
} from "#contracts/mcp.ts";
import { type Result, ok } from "#contracts/result.ts";

/** What of a connection this needs; `src/ipc`'s is one. */
export interface McpConnection {
  call(method: string, body: string, timeoutMs: number): Promise<Result<string, Fault>>;
}

export interface McpLinkEvents {
  /** A server's view changed, or it went with its proxy (`undefined`). */
  readonly onServer: (server: string, view: McpServerView | undefined) => void;
  /** A server asks the person of a call. */
  readonly onQuestion: (question: McpQuestion) => Promise<boolean>;
  /** A program asked for a way out. Resolves once that is on record. */
  readonly onEgress: (seen: McpEgress) => Promise<void>;
}

interface Schema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

const RESULTS: { readonly [M in McpMethod]: Schema<McpResult<M>> } = {
  call: MCP_METHODS.call.result,
  cancel: MCP_METHODS.cancel.result,
  test: MCP_METHODS.test.result,
  login_begin: MCP_METHODS.login_begin.result,
  login_finish: MCP_METHODS.login_finish.result,
  logout: MCP_METHODS.logout.result,
};

const OTHER_FORM = fail("protocol", "the MCP proxy's answer has another form");

export class McpLink {
  readonly #events: McpLinkEvents;
  readonly #views = new Map<string, McpServerView>();
  readonly #progress = new Map<string, (line: string) => void>();
  #connection: McpConnection | undefined;

  constructor(events: McpLinkEvents) {
    this.#events = events;
  }

  /** Takes the proxy's connection; returns what ends its use. */
  attach(connection: McpConnection): () => void {
    this.#connection = connection;
    return () => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      const gone = [...this.#views.keys()];
      this.#views.clear();
      for (const server of gone) this.#events.onServer(server, undefined);
    };
  }

  views(): readonly McpServerView[] {
    return [...this.#views.values()].toSorted((one, other) => (one.server < other.server ? -1 : 1));
  }

  view(server: string): McpServerView | undefined {
    return this.#views.get(server);
  }

  /** Calls a method of the proxy and waits at most `timeoutMs`. */
  async ask<M extends McpMethod>(
    method: M,
    params: McpParams<M>,
    timeoutMs: number,
  ): Promise<Result<McpResult<M>, Fault>> {
    if (this.#connection === undefined) {
      return fail("unavailable", "the MCP proxy does not run", { hint: "wirken mcp list" });
    }
    const answered = await this.#connection.call(method, JSON.stringify(params), timeoutMs);
    if (!answered.ok) return answered;
    const result = RESULTS[method].safeParse(parsed(answered.value));
    return result.success ? ok(result.data) : OTHER_FORM;
  }

  /** Gives the progress of a call to `listen` until the returned function is called. */
  follow(call: string, listen: (line: string) => void): () => void {
    this.#progress.set(call, listen);
    return () => this.#progress.delete(call);
  }

  /** Takes an event of the proxy. Another form than agreed is passed over: it changes nothing. */
  take(name: string, body: string): void {
    if (name === "server") {
      const view = MCP_EVENTS.server.safeParse(parsed(body));
      if (!view.success) return;
      this.#views.set(view.data.server, view.data);
      this.#events.onServer(view.data.server, view.data);
    } else if (name === "progress") {
      const progress = MCP_EVENTS.progress.safeParse(parsed(body));
      if (progress.success) this.#progress.get(progress.data.call)?.(progress.data.line);
    }
  }

  /** Answers a request of the proxy: a question for a person, or a verdict for the record. */
  async serve(method: string, body: string): Promise<Result<string, Fault>> {
    const seen = mcpEgressSchema.safeParse(parsed(body));
    if (method === MCP_EGRESS && seen.success) {
      await this.#events.onEgress(seen.data);
      return ok("{}");
    }
    const question = mcpQuestionSchema.safeParse(parsed(body));
    if (method !== MCP_ASK_PERSON || !question.success) return fail("protocol", "there is no such method");
    return ok(JSON.stringify({ accepted: await this.#events.onQuestion(question.data) }));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
