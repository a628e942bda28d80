/** Connects to a remote server over Streamable HTTP, or the SSE transport that came before it (MCP, transports). */
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { SSEClientTransport, SseError } from "@modelcontextprotocol/sdk/client/sse.js";
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { FetchLike, Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type Fault, fail, fault } from "#contracts/fault.ts";
import type { McpHttpEntry } from "#contracts/mcp-config.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import type { Connected, Connector, End } from "./connector.ts";
import type { OAuthLogin } from "./oauth-login.ts";
import { Session, type SessionEvents } from "./session.ts";

export interface RemoteFacts {
  readonly entry: McpHttpEntry;
  /** Credentials by name of the vault's entry. */
  readonly secrets: ReadonlyMap<string, SecretBytes>;
  readonly fetch: FetchLike;
  readonly login: OAuthLogin;
}

/** Not a header: the secret of a client that was registered by hand. */
export const CLIENT_SECRET = "client_secret";
/** Answers to the first message by which an older server shows itself. */
const OLDER = [400, 404, 405] as const;

export class RemoteConnector implements Connector {
  readonly transport = "http";
  readonly network: string;
  readonly #facts: RemoteFacts;
  #current: Transport | undefined;
  #breach: Fault | undefined;

  constructor(facts: RemoteFacts) {
    this.#facts = facts;
    this.network = new URL(facts.entry.url).origin;
  }

  /** Ends the connection: the server sent more than a message may hold. */
  tooLarge(): void {
    this.#breach = fault("protocol", "the server sent a message that is larger than 4 MiB", {
      reason: "too_large",
    });
    void this.#current?.close().catch(() => undefined);
  }

  lastStderr(): string {
    return "";
  }

  async open(events: Omit<SessionEvents, "onClose">, stop: AbortSignal): Promise<Result<Connected, Fault>> {
    const headers = this.#headers();
    if (!headers.ok) return headers;
    const { entry } = this.#facts;
    if (entry.type === "sse") return await this.#try("sse", headers.value, events, stop);
    const opened = await this.#try("http", headers.value, events, stop);
    if (opened.ok || opened.error.reason !== "older") return opened;
    return await this.#try("sse", headers.value, events, stop);
  }

  async #try(
    kind: "http" | "sse",
    headers: Readonly<Record<string, string>>,
    events: Omit<SessionEvents, "onClose">,
    stop: AbortSignal,
  ): Promise<Result<Connected, Fault>> {
    const { promise: ended, resolve: end } = Promise.withResolvers<End>();
    let byUs = false;
    const onClose = (): void => end({ byUs, fault: this.#breach ?? CLOSED });
    const transport = this.#transport(kind, headers);
    this.#current = transport;
    this.#breach = undefined;
    try {
      const session = await Session.open(transport, { ...events, onClose }, stop);
      const close = (): void => {
        byUs = true;
        session.close();
      };
      return ok({ session, pid: 0, ended, stderr: () => "", lostBy, close });
    } catch (error) {
      return err(this.#breach ?? openFault(error, kind));
    }
  }

  #transport(kind: "http" | "sse", headers: Readonly<Record<string, string>>): Transport {
    const { entry, fetch, login } = this.#facts;
    const options = {
      fetch,
      requestInit: { headers: { ...headers } },
      ...(login.isLoggedIn ? { authProvider: login } : {}),
    };
    const url = new URL(entry.url);
    return kind === "http"
      ? new StreamableHTTPClientTransport(url, options)
      : new SSEClientTransport(url, options);
  }

  /** The entry's headers, with those whose value lies in the vault. */
  #headers(): Result<Readonly<Record<string, string>>, Fault> {
    const { entry, secrets } = this.#facts;
    const headers: Record<string, string> = { ...entry.headers };
    for (const [header, name] of Object.entries(entry.credentials)) {
      if (header === CLIENT_SECRET) continue;
      const value = secrets.get(name);
      if (value === undefined) {
        return fail("refused", "the vault does not hold a credential that the server's entry names", {
          reason: "no_credential",
          hint: "store it with `wirken credentials add NAME --scope mcp/<server>`",
        });
      }
      const text = value.use((bytes) => new TextDecoder().decode(bytes));
      // The vault holds the bare token: the scheme is no secret, and its lack is the usual mistake.
      headers[header] =
        header.toLowerCase() === "authorization" && !text.includes(" ") ? ["Bearer", text].join(" ") : text;
    }
    return ok(headers);
  }
}

const CLOSED: Fault = fault("unavailable", "the connection was closed", { reason: "ended" });
const WANTS_LOGIN: Fault = fault("auth", "the server wants a login", {
  reason: "login",
  hint: "wirken mcp login <server>",
});

/** The server no longer knows us, cannot be reached, or wants another login: only a new connection helps. */
function lostBy(error: unknown): Fault | undefined {
  if (isLoginWish(error)) return WANTS_LOGIN;
  const isGone = error instanceof StreamableHTTPError && error.code === 404;
  if (isGone || error instanceof TypeError) {
    return fault("unavailable", "the connection to the server was lost", { reason: "ended" });
  }
  return undefined;
}

function isLoginWish(error: unknown): boolean {
  if (error instanceof UnauthorizedError) return true;
  const status = error instanceof StreamableHTTPError || error instanceof SseError ? error.code : undefined;
  return status === 401 || status === 403;
}

function openFault(error: unknown, kind: "http" | "sse"): Fault {
  const status = error instanceof StreamableHTTPError || error instanceof SseError ? error.code : undefined;
  if (isLoginWish(error)) return WANTS_LOGIN;
  if (kind === "http" && OLDER.some((code) => code === status)) {
    return fault("unavailable", "the server does not speak Streamable HTTP", { reason: "older" });
  }
  const how = status === undefined || status < 0 ? "" : ` (HTTP ${status})`;
  return fault("unavailable", `the server could not be connected to${how}`, { reason: "connect" });
}
