/**
 * Logging in to a remote server (MCP, authorization; OAuth 2.1 with PKCE, RFC 9728, 8414, 7591, 8707, 9207, 8252): the
 * SDK's flow over a sealed memory. It begins only when the operator says so; else a refused token means that the
 * server waits for a login. Secrets of an attempt live in this object alone.
 */
import {
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  UnauthorizedError,
  auth,
} from "@modelcontextprotocol/sdk/client/auth.js";
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type Fault, fail } from "#contracts/fault.ts";
import type { McpHttpEntry } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import type { Random } from "#runtime/random.ts";
import type { Challenge } from "./bounded-fetch.ts";
import type { Login } from "./login.ts";
import type { OAuthMemory, OAuthRecord } from "./oauth-memory.ts";

const REDIRECT = /^http:\/\/127\.0\.0\.1:\d{1,5}\/callback$/;
const STATE_BYTES = 16;
/** Where no attempt runs nobody comes back; the flow wants an address all the same. */
const NO_REDIRECT = "http://127.0.0.1/callback";

export interface LoginFacts {
  readonly entry: McpHttpEntry;
  readonly memory: OAuthMemory;
  /** Secret of a client that was registered by hand. */
  readonly clientSecret: SecretBytes | undefined;
  readonly fetch: FetchLike;
  readonly random: Random;
}

interface Attempt {
  readonly redirect: string;
  readonly state: string;
  verifier: string;
  url: string;
  discovery: OAuthDiscoveryState | undefined;
}

export class OAuthLogin implements OAuthClientProvider, Login {
  /** A document on the web that describes us, where the operator keeps one: instead of registering (SEP-991). */
  readonly clientMetadataUrl?: string;
  readonly #facts: LoginFacts;
  #record: OAuthRecord;
  #attempt: Attempt | undefined;
  #challenge: Challenge = { resourceMetadataUrl: undefined, scope: undefined };

  constructor(facts: LoginFacts) {
    this.#facts = facts;
    this.#record = facts.memory.load();
    const document = facts.entry.oauth?.clientMetadataUrl;
    if (document !== undefined) this.clientMetadataUrl = document;
  }

  /** True once there are tokens: only then is the flow part of a connection. */
  get isLoggedIn(): boolean {
    return this.#record.tokens !== undefined;
  }

  /** What the server said about logging in when it refused. */
  noteChallenge(challenge: Challenge): void {
    this.#challenge = challenge;
  }

  async begin(redirect: string): Promise<Result<{ readonly url: string }, Fault>> {
    if (!REDIRECT.test(redirect)) return fail("usage", "a login comes back to a port of loopback");
    const state = this.#facts.random.bytes(STATE_BYTES).toHex();
    const attempt: Attempt = { redirect, state, verifier: "", url: "", discovery: undefined };
    this.#attempt = attempt;
    // Registered for another port: an authorization server need not take this one.
    if (this.#facts.entry.oauth?.clientId === undefined) this.#keep({});
    try {
      await this.#flow();
    } catch (error) {
      this.#attempt = undefined;
      return loginFault(error);
    }
    return attempt.url === ""
      ? fail("protocol", "the authorization server named no address to log in at")
      : ok({ url: attempt.url });
  }

  async finish(answer: string): Promise<Result<{ readonly scope: string }, Fault>> {
    const attempt = this.#attempt;
    if (attempt === undefined)
      return fail("usage", "no login was begun", { hint: "wirken mcp login <server>" });
    const query = new URLSearchParams(answer);
    const code = query.get("code");
    if (query.get("state") !== attempt.state) return fail("refused", "the answer belongs to another login");
    this.#attempt = undefined; // one answer an attempt
    if (!isFrom(query.get("iss"), attempt.discovery)) {
      return fail("refused", "the answer came from another authorization server than was asked");
    }
    if (code === null) return fail("auth", "the authorization server refused the login");
    try {
      this.#attempt = { ...attempt };
      await this.#flow(code);
    } catch (error) {
      return loginFault(error);
    } finally {
      this.#attempt = undefined;
    }
    return ok({ scope: this.#record.tokens?.scope ?? "" });
  }

  forget(): Result<{ readonly removed: boolean }, Fault> {
    const removed = this.isLoggedIn;
    this.#record = {};
    const saved = this.#facts.memory.save({});
    return saved.ok ? ok({ removed }) : saved;
  }

  async #flow(authorizationCode?: string): Promise<void> {
    const { entry, fetch } = this.#facts;
    const { resourceMetadataUrl, scope } = this.#challenge;
    const wanted = entry.oauth?.scope ?? scope;
    await auth(this, {
      serverUrl: entry.url,
      fetchFn: fetch,
      ...(authorizationCode === undefined ? {} : { authorizationCode }),
      ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }),
      ...(wanted === undefined ? {} : { scope: wanted }),
    });
  }

  #keep(record: OAuthRecord): void {
    this.#record = record;
    const saved = this.#facts.memory.save(record);
    if (!saved.ok) throw new LoginRefused("the login cannot be kept");
  }

  // What the SDK's flow asks.

  get redirectUrl(): string {
    return this.#attempt?.redirect ?? NO_REDIRECT;
  }

  get clientMetadata(): OAuthClientMetadata {
    const scope = this.#facts.entry.oauth?.scope;
    return {
      client_name: "wirken",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...(scope === undefined ? {} : { scope }),
    };
  }

  state(): string {
    return this.#attempt?.state ?? "";
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    const { entry, clientSecret } = this.#facts;
    const clientId = entry.oauth?.clientId;
    if (clientId === undefined) return this.#record.client;
    if (clientSecret === undefined) return { client_id: clientId };
    return {
      client_id: clientId,
      client_secret: clientSecret.use((bytes) => new TextDecoder().decode(bytes)),
    };
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    if (this.#facts.entry.oauth?.clientId === undefined) this.#keep({ ...this.#record, client });
  }

  tokens(): OAuthTokens | undefined {
    return this.#record.tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    const discovery = this.#attempt?.discovery ?? this.#record.discovery;
    this.#keep({ ...this.#record, tokens, ...(discovery === undefined ? {} : { discovery }) });
  }

  redirectToAuthorization(url: URL): void {
    // A token was refused and could not be refreshed: only the operator begins another login.
    if (this.#attempt === undefined) throw new UnauthorizedError("login");
    this.#attempt.url = url.href;
  }

  saveCodeVerifier(verifier: string): void {
    if (this.#attempt !== undefined) this.#attempt.verifier = verifier;
  }

  codeVerifier(): string {
    return this.#attempt?.verifier ?? "";
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#attempt === undefined ? this.#record.discovery : this.#attempt.discovery;
  }

  /**
   * Called before anything but the question for its metadata is sent to the authorization server: the place to refuse
   * it. That it is reached over TLS, or is on loopback like its server, `boundedFetch` has seen to.
   */
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    const { entry } = this.#facts;
    const server = new URL(state.authorizationServerUrl);
    const wanted = entry.oauth?.issuer;
    if (wanted !== undefined && !isSameIssuer(wanted, server.href)) {
      throw new LoginRefused("the server names another authorization server than mcp.json allows");
    }
    const said = state.authorizationServerMetadata?.issuer;
    // Servers of 2025-03-26 name none: their own origin is it, and may call itself by a path of that origin.
    const isOwn = state.resourceMetadata === undefined && server.origin === new URL(entry.url).origin;
    const isCalledSo =
      said === undefined || isSameIssuer(said, server.href) || (isOwn && originOf(said) === server.origin);
    if (!isCalledSo) {
      throw new LoginRefused("the authorization server calls itself otherwise than it is called (RFC 8414)");
    }
    if (this.#attempt !== undefined) this.#attempt.discovery = state;
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    const { client, tokens, discovery } = this.#record;
    if (scope === "all") this.#keep({});
    if (scope === "client") this.#keep({ ...(tokens && { tokens }), ...(discovery && { discovery }) });
    if (scope === "tokens") this.#keep({ ...(client && { client }), ...(discovery && { discovery }) });
  }
}

class LoginRefused extends Error {}

function loginFault(error: unknown): Result<never, Fault> {
  if (error instanceof LoginRefused) return fail("refused", error.message);
  if (error instanceof UnauthorizedError) return fail("auth", "the authorization server refused the login");
  return fail("protocol", "the login failed: the server or its authorization server broke the protocol");
}

/** RFC 9207: an answer that names its issuer must name the one that was asked; one that promises to must. */
function isFrom(issuer: string | null, discovery: OAuthDiscoveryState | undefined): boolean {
  const metadata = discovery?.authorizationServerMetadata;
  const promises =
    metadata !== undefined &&
    "authorization_response_iss_parameter_supported" in metadata &&
    metadata["authorization_response_iss_parameter_supported"] === true;
  if (issuer === null) return !promises;
  const asked = metadata?.issuer ?? discovery?.authorizationServerUrl;
  return asked !== undefined && isSameIssuer(issuer, asked);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "";
}

function isSameIssuer(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  return new URL(one).href.replace(/\/$/, "") === new URL(other).href.replace(/\/$/, "");
}
