/**
 * The MCP proxy between the gateway and the servers: answers the gateway's methods (docs/formats/mcp.md), tells it of
 * every server and of progress. It starts what its hand-off lists and nothing else: no method names a program.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import type { JsonObject } from "#contracts/json.ts";
import {
  MCP_ASK_PERSON,
  MCP_EGRESS,
  MCP_METHODS,
  type McpMethod,
  type McpParams,
  type McpResult,
  type McpServerView,
  isMcpMethod,
  mcpReplySchema,
} from "#contracts/mcp.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Login } from "./login.ts";
import type { ProgramNetworkPorts } from "./program-network.ts";
import type { McpServer, ServerPorts } from "./server.ts";

/** A question stays open as long as the longest approval may. */
const QUESTION_MS_MAX = 24 * 3_600_000;
/** For a row to become durable. */
const NOTED_MS_MAX = 15_000;
const PROGRESS_CHARS_MAX = 2_048;

/** The connection to the gateway as the proxy uses it. */
export interface ProxyLink {
  send(payload: Payload): unknown;
  call(method: string, body: string, timeoutMs: number): Promise<Result<string, Fault>>;
}

/** What servers tell, as the gateway is told it. */
export function linkPorts(link: ProxyLink): Pick<ServerPorts, "onChange" | "onProgress"> & {
  readonly askPerson: (server: string) => ServerPorts["askPerson"];
  readonly onEgress: ProgramNetworkPorts["onEgress"];
} {
  const event = (name: string, body: JsonObject | McpServerView): void => {
    link.send({ kind: "event", name, body: JSON.stringify(body) });
  };
  return {
    onChange: (view) => event("server", view),
    onProgress: (call, line) => event("progress", { call, line: line.slice(0, PROGRESS_CHARS_MAX) }),
    onEgress: async (server, seen) => {
      const noted = await link.call(MCP_EGRESS, JSON.stringify({ server, ...seen }), NOTED_MS_MAX);
      if (!noted.ok) throw new Error("mcp: a verdict could not be put on record");
    },
    askPerson: (server) => async (call, message, answer) => {
      const question = { call, server, message: message.slice(0, 16_384), answer: JSON.stringify(answer) };
      const replied = await link.call(MCP_ASK_PERSON, JSON.stringify(question), QUESTION_MS_MAX);
      if (!replied.ok) return false;
      const reply = mcpReplySchema.safeParse(parsed(replied.value));
      return reply.success && reply.data.accepted;
    },
  };
}

export interface ProxyParts {
  readonly servers: ReadonlyMap<string, McpServer>;
  readonly logins: ReadonlyMap<string, Login>;
  readonly clock: Clock;
}

/** Answers one method from the JSON text of its parameters. */
type Handler = (body: string) => Promise<Result<string, Fault>>;

export class McpProxy {
  readonly #handlers: Readonly<Record<McpMethod, Handler>>;

  constructor({ servers, logins, clock }: ProxyParts) {
    const serverOf = (name: string): Result<McpServer, Fault> =>
      found(servers.get(name), "there is no such server");
    const loginOf = (name: string): Result<Login, Fault> =>
      found(logins.get(name), "only a remote server is logged in to");
    const { call, cancel, test, login_begin, login_finish, logout } = MCP_METHODS;
    this.#handlers = {
      call: handler<McpParams<"call">>(call.params, async (params): Answer<"call"> => {
        const server = serverOf(params.server);
        return server.ok ? ok(await server.value.call(params)) : server;
      }),
      cancel: handler<McpParams<"cancel">>(cancel.params, async (params): Answer<"cancel"> => {
        for (const server of servers.values()) server.cancel(params.call);
        return ok({});
      }),
      test: handler<McpParams<"test">>(test.params, async (params): Answer<"test"> => {
        const server = serverOf(params.server);
        if (!server.ok) return server;
        const begun = clock.monotonic();
        const tested = await server.value.test();
        return ok({ ...tested, tookMs: Math.round(clock.monotonic() - begun) });
      }),
      login_begin: handler<McpParams<"login_begin">>(
        login_begin.params,
        async (params): Answer<"login_begin"> => {
          const login = loginOf(params.server);
          return login.ok ? await login.value.begin(params.redirect) : login;
        },
      ),
      login_finish: handler<McpParams<"login_finish">>(
        login_finish.params,
        async (params): Answer<"login_finish"> => {
          const login = loginOf(params.server);
          if (!login.ok) return login;
          const finished = await login.value.finish(params.answer);
          if (finished.ok) servers.get(params.server)?.reconnect();
          return finished;
        },
      ),
      logout: handler<McpParams<"logout">>(logout.params, async (params): Answer<"logout"> => {
        const login = loginOf(params.server);
        if (!login.ok) return login;
        const removed = login.value.forget();
        servers.get(params.server)?.reconnect();
        return removed;
      }),
    };
  }

  /** Answers one request of the gateway. */
  answer(method: string, body: string): Promise<Result<string, Fault>> {
    return isMcpMethod(method)
      ? this.#handlers[method](body)
      : Promise.resolve(fail("protocol", "the MCP proxy has no such method"));
  }
}

type Answer<M extends McpMethod> = Promise<Result<McpResult<M>, Fault>>;

interface Parser<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

function handler<P>(schema: Parser<P>, perform: (params: P) => Promise<Result<object, Fault>>): Handler {
  return async (body) => {
    const params = schema.safeParse(parsed(body));
    if (!params.success) return fail("protocol", "the parameters of the method do not fit");
    const done = await perform(params.data);
    return done.ok ? ok(JSON.stringify(done.value)) : done;
  };
}

function found<T>(value: T | undefined, message: string): Result<T, Fault> {
  return value === undefined ? fail("not_found", message, { hint: "wirken mcp list" }) : ok(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
