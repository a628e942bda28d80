/** Servers as the proxy has them, over a data folder of their own and a gateway written by hand. For tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Resolve } from "#broker/address.ts";
import { systemDial } from "#broker/wires.ts";
import { fail } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import { mcpFileSchema } from "#contracts/mcp-config.ts";
import {
  MCP_EGRESS,
  MCP_EVENTS,
  type McpAnswer,
  type McpCall,
  type McpEgress,
  type McpServerView,
  mcpEgressSchema,
} from "#contracts/mcp.ts";
import { ok } from "#contracts/result.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { pinProgram } from "#host/program-pin.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { systemClock } from "#runtime/clock.ts";
import type { PlainFetch } from "./bounded-fetch.ts";
import type { ProxyFacts } from "./handoff-facts.ts";
import type { Login } from "./login.ts";
import type { McpServer } from "./server.ts";
import { serversOf } from "./servers.ts";
import { definitionHash } from "./tool-list.ts";

export const SERVER_PROGRAM = join(import.meta.dir, "..", "..", "test", "support", "mcp-server.ts");
const STUB = join(import.meta.dir, "..", "confine", "confined.fixture.ts");
const SOURCE_ROOT = join(import.meta.dir, "..", "..");
const WAIT_MS_MAX = 4_000;

/** An entry of the tests' own program in a mode, with more of an entry's fields. */
export function labEntry(
  mode: string,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const own = dirname(SERVER_PROGRAM); // Bun looks at the folder of what it runs
  const { read = [], ...others } = more;
  return {
    command: process.execPath,
    args: ["run", SERVER_PROGRAM, mode],
    read: [own, ...(Array.isArray(read) ? read : [])],
    ...others,
  };
}

export interface McpLabOptions {
  readonly servers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Credentials as the hand-off has them: `<server>/<name>`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Leaves the programs without the operator's approval. */
  readonly unpinned?: boolean;
  readonly fetch?: PlainFetch;
  /** Addresses of the hosts that programs ask for; this computer without it. */
  readonly resolve?: Resolve;
  /** What a person answers to a server's question. */
  readonly person?: (question: string) => boolean;
}

export class McpLab implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "wk-mcp-"));
  readonly servers: ReadonlyMap<string, McpServer>;
  readonly logins: ReadonlyMap<string, Login>;
  readonly views = new Map<string, McpServerView>();
  readonly progress: string[] = [];
  readonly questions: string[] = [];
  readonly verdicts: McpEgress[] = [];
  /** The record takes no verdict. */
  recordLost = false;
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[];
  #calls = 0;

  constructor(options: McpLabOptions) {
    for (const folder of ["mcp", "state", "vault"]) mkdirSync(join(this.root, folder), { mode: 0o700 });
    writeFileSync(join(this.root, "vault", "vault.db"), "CANARY of the vault");
    const facts = this.#facts(options);
    const built = serversOf(facts, this.#link(options), {
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      network: {
        clock: systemClock,
        resolve: options.resolve ?? (() => Promise.resolve(["127.0.0.1"])),
        dial: systemDial({ ca: [] }),
      },
    });
    this.servers = built.servers;
    this.logins = built.logins;
    this.#runs = [...built.servers.values()].map((server) => server.run(this.#stop.signal));
  }

  server(name: string): McpServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error("lab: no such server");
    return server;
  }

  /** The server's view once `holds` is true of it. */
  async until(name: string, holds: (view: McpServerView) => boolean): Promise<McpServerView> {
    const end = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const view = this.views.get(name);
      if (view !== undefined && holds(view)) return view;
      if (performance.now() > end) throw new Error(`lab: ${name} stays ${view?.state} ${view?.code}`);
      await Bun.sleep(10);
    }
  }

  ready(name: string): Promise<McpServerView> {
    return this.until(name, ({ state }) => state === "ready");
  }

  /** Calls a tool as it is defined now. */
  call(name: string, tool: string, args: object = {}, more: Partial<McpCall> = {}): Promise<McpAnswer> {
    const definition = this.views.get(name)?.tools.find((known) => known.name === tool)?.definition ?? "";
    return this.server(name).call({
      call: `k-${this.#calls++}`,
      server: name,
      ask: "tool",
      tool,
      definition: definition === "" ? "0".repeat(64) : definitionHash(definition),
      input: JSON.stringify(args),
      ...more,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#runs);
    rmSync(this.root, { recursive: true, force: true });
  }

  #facts({ servers, secrets = {}, unpinned = false }: McpLabOptions): ProxyFacts {
    const parsed = mcpFileSchema.parse({ mcpServers: servers });
    for (const entry of Object.values(parsed.mcpServers)) {
      if (!("command" in entry) || unpinned) continue;
      const pin = pinProgram(entry, "");
      if (!pin.ok) throw new Error(pin.error.message);
      entry.pin = pin.value;
    }
    const key = SigningKey.fromSeed(bytesOf("k".repeat(32)));
    const gatewayKey = PublicKey.parse(key.ok ? key.value.publicKey.bytes : new Uint8Array());
    if (!key.ok || !gatewayKey.ok) throw new Error("lab: key");
    return {
      peerId: "mcp",
      key: key.value,
      gatewayKey: gatewayKey.value,
      file: parsed,
      serversFolder: join(this.root, "mcp"),
      dataRoot: this.root,
      required: false,
      stateFolder: join(this.root, "state"),
      stateKey: bytesOf("s".repeat(32)),
      secretsOf: (server) =>
        new Map(
          Object.entries(secrets)
            .filter(([name]) => name.startsWith(`${server}/`))
            .map(([name, value]) => [name.slice(server.length + 1), bytesOf(value)]),
        ),
      credentials: () =>
        Object.entries(secrets).map(([name, value]) => ({
          name,
          secret: SecretString.take(new TextEncoder().encode(value)),
        })),
      self: { command: [process.execPath, STUB], sourceRoot: SOURCE_ROOT },
      proxy: "",
      authorities: "",
    };
  }

  #link({ person = () => false }: McpLabOptions) {
    return {
      send: (payload: Payload) => {
        if (payload.kind !== "event") return;
        const body: unknown = JSON.parse(payload.body);
        if (payload.name === "progress") this.progress.push(MCP_EVENTS.progress.parse(body).line);
        else {
          const view = MCP_EVENTS.server.parse(body);
          this.views.set(view.server, view);
        }
      },
      call: (method: string, body: string) => {
        if (method === MCP_EGRESS) {
          if (this.recordLost) return Promise.resolve(fail("io", "the record cannot be written"));
          this.verdicts.push(mcpEgressSchema.parse(JSON.parse(body)));
          return Promise.resolve(ok("{}"));
        }
        this.questions.push(body);
        return Promise.resolve(ok(JSON.stringify({ accepted: person(body) })));
      },
    };
  }
}

function bytesOf(text: string): SecretBytes {
  return SecretBytes.take(new TextEncoder().encode(text));
}
