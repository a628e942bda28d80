/** Starts a server's program, confined, with pipes of its own and exactly its credentials, and shakes hands with it. */
import { join } from "node:path";
import { isHeldToHosts, mcpServerGuard, mcpServerPlan } from "#confine/mcp-plan.ts";
import { type ToolRun, launchServer } from "#confine/start.ts";
import { type Fault, fail, fault } from "#contracts/fault.ts";
import type { McpStdioEntry } from "#contracts/mcp-config.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { utf8Tail } from "#contracts/visible.ts";
import { checkPin } from "#host/program-pin.ts";
import type { Self } from "#host/self.ts";
import type { Connected, Connector, End } from "./connector.ts";
import { ProgramNetwork, type ProgramNetworkPorts, hostsText } from "./program-network.ts";
import { Session, type SessionEvents } from "./session.ts";
import { StdioTransport } from "./stdio-transport.ts";

const STDERR_BYTES_KEPT = 8_192;

export interface ProgramFacts {
  readonly name: string;
  readonly entry: McpStdioEntry;
  /** Credentials by name of the vault's entry. */
  readonly secrets: ReadonlyMap<string, SecretBytes>;
  /** Folder of all servers' own folders. */
  readonly serversFolder: string;
  readonly dataRoot: string;
  readonly required: boolean;
  readonly network: ProgramNetworkPorts;
  /** How our own executable is started again; in tests another entry. */
  readonly self?: Self;
}

export class ProgramConnector implements Connector {
  readonly transport = "stdio";
  readonly network: string;
  readonly #facts: ProgramFacts;
  #stderr = "";

  constructor(facts: ProgramFacts) {
    this.#facts = facts;
    const { entry } = facts;
    this.network = isHeldToHosts(entry) ? hostsText(entry.hosts) : entry.network;
  }

  lastStderr(): string {
    return this.#stderr;
  }

  async open(events: Omit<SessionEvents, "onClose">, stop: AbortSignal): Promise<Result<Connected, Fault>> {
    const { entry, name, network: world } = this.#facts;
    const network = isHeldToHosts(entry) ? ProgramNetwork.make(name, entry.hosts, world) : undefined;
    const started = this.#start(network);
    if (!started.ok) {
      network?.[Symbol.dispose]();
      return started;
    }
    const run = started.value;
    void network?.serve(run.ended);
    void run.ended.finally(() => network?.[Symbol.dispose]());
    this.#stderr = "";
    void this.#keepStderr(run);
    let byUs = false;
    let code = "";
    const onClose = (why: string): void => {
      code = why;
    };
    try {
      const session = await Session.open(new StdioTransport(run), { ...events, onClose }, stop);
      const ended = run.ended.then(
        (report): End => ({ byUs, fault: endOf(report?.verdict ?? "none", code) }),
      );
      const close = (): void => {
        byUs = true;
        session.close();
      };
      return ok({
        session,
        pid: run.child.pid,
        ended,
        stderr: () => this.#stderr,
        lostBy: () => undefined,
        close,
      });
    } catch {
      run.stop();
      const report = await run.ended;
      // Its listener is the first thing that comes of a network of its own: without it the program never began.
      if (network?.isOpen === false && report?.verdict !== "stopped") return err(UNENFORCEABLE);
      return { ok: false, error: failedHandshake(report?.verdict ?? "none", report?.code ?? null, code) };
    }
  }

  #start(network: ProgramNetwork | undefined): Result<ToolRun, Fault> {
    const { entry, name, serversFolder, dataRoot, required, self } = this.#facts;
    if (isHeldToHosts(entry) && network === undefined) return err(UNENFORCEABLE);
    const program = checkPin(entry);
    if (!program.ok) return program;
    const secrets = this.#secrets();
    if (!secrets.ok) return secrets;
    const folder = join(serversFolder, name);
    const plan = mcpServerPlan({ entry, program: program.value, folder, required });
    return launchServer(plan, mcpServerGuard(entry), {
      dataRoot,
      secrets: secrets.value,
      ...(network === undefined ? {} : { door: network.door }),
      ...(self === undefined ? {} : { self }),
    });
  }

  /** The credentials by the variable that the program finds them in. They stay the proxy's. */
  #secrets(): Result<ReadonlyMap<string, SecretBytes>, Fault> {
    const { entry, secrets } = this.#facts;
    const found = new Map<string, SecretBytes>();
    for (const [variable, name] of Object.entries(entry.credentials)) {
      const value = secrets.get(name);
      if (value === undefined) {
        return fail("refused", "the vault does not hold a credential that the server's entry names", {
          reason: "no_credential",
          hint: "store it with `wirken credentials add NAME --scope mcp/<server>`",
        });
      }
      found.set(variable, value);
    }
    return ok(found);
  }

  async #keepStderr({ stderr }: ToolRun): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const piece of stderr) {
        this.#stderr = utf8Tail(this.#stderr + decoder.decode(piece, { stream: true }), STDERR_BYTES_KEPT);
      }
    } catch {
      return; // the program is gone
    }
  }
}

const UNENFORCEABLE = fault("refused", "the server's hosts cannot be enforced on this computer", {
  reason: "hosts_unenforceable",
  hint: 'allow user namespaces, take `hosts` out, or write `"network": "unconfined"`: any host',
});

const VERDICTS = {
  none: "the server's program ended",
  time: "the server's program ended",
  memory: "the server's program used more memory than its limit and was ended",
  processes: "the server's program started more processes than its limit and was ended",
  stopped: "the server's program was ended",
} as const;

const BREACHES: Readonly<Record<string, string>> = {
  too_large: "the server sent a message that is larger than 4 MiB and was ended",
  too_deep: "the server sent a message that is nested too deep and was ended",
  noise: "the server printed too much that is no message and was ended",
};

function endOf(verdict: keyof typeof VERDICTS, code: string): Fault {
  const breach = BREACHES[code];
  if (breach !== undefined) return fault("protocol", breach, { reason: code });
  const reason = verdict === "memory" || verdict === "processes" ? verdict : "ended";
  return fault("unavailable", VERDICTS[verdict], { reason });
}

function failedHandshake(verdict: keyof typeof VERDICTS, exit: number | null, code: string): Fault {
  if (BREACHES[code] !== undefined || verdict === "memory" || verdict === "processes")
    return endOf(verdict, code);
  if (verdict === "stopped") {
    return fault("timeout", "the server's program did not finish the handshake", { reason: "handshake" });
  }
  const how = exit === null ? "ended" : `ended with exit code ${exit}`;
  return fault("unavailable", `the server's program ${how} before the handshake was over`, {
    reason: "handshake",
  });
}
