/** Where things lie in the data folder. Names that stay: others build on them. */
import { join } from "node:path";

export interface DataPaths {
  readonly root: string;
  readonly config: string;
  /** The keeper's lock, and who holds it or why the last run ended (`run-mark.ts`). */
  readonly keeperMark: string;
  /** The MCP servers; written by the operator's terminal alone. */
  readonly mcpFile: string;
  /** What the command line alone writes and the gateway may read. */
  readonly operator: string;
  /** Which folders the operator gave to agents. */
  readonly folders: string;
  readonly auditFolder: string;
  readonly auditDb: string;
  readonly auditArchive: string;
  readonly logPub: string;
  /** Certificates that roles read and none of them writes. */
  readonly trust: string;
  readonly vaultFolder: string;
  readonly vaultDb: string;
  readonly sockets: string;
  readonly gatewaySocket: string;
  readonly controlSocket: string;
  readonly skills: string;
  /** `state/<peer>/`: what a role keeps for itself. */
  state(peer: string): string;
  /** `spool/<peer>/`: attachments on their way. */
  spool(peer: string): string;
  /** `mcp/<server>/`: home and temporary folder of a server's program. */
  mcp(server: string): string;
  /** `agents/<id>/`. */
  agent(id: string): string;
  workspace(agentId: string): string;
  /** Home of an agent's boxed commands: their caches and settings, kept from run to run. */
  boxHome(agentId: string): string;
  /** What boxed commands overwrote, and the lists of it. */
  boxKept(agentId: string): string;
  instructions(agentId: string): string;
  identityPub(agentId: string): string;
}

/** All paths beneath a data folder. A `:` of an instance id becomes `@` in a folder name. */
export function dataPaths(root: string): DataPaths {
  const folder = (name: string): string => name.replace(":", "@");
  const agent = (id: string): string => join(root, "agents", id);
  return {
    root,
    config: join(root, "config.json"),
    keeperMark: join(root, "keeper.pid"),
    mcpFile: join(root, "mcp.json"),
    operator: join(root, "operator"),
    folders: join(root, "operator", "folders.json"),
    auditFolder: join(root, "audit"),
    auditDb: join(root, "audit", "audit.db"),
    auditArchive: join(root, "audit", "archive"),
    logPub: join(root, "log.pub"),
    trust: join(root, "trust"),
    vaultFolder: join(root, "vault"),
    vaultDb: join(root, "vault", "vault.db"),
    sockets: join(root, "sockets"),
    gatewaySocket: join(root, "sockets", "gateway.sock"),
    controlSocket: join(root, "sockets", "control.sock"),
    skills: join(root, "skills"),
    state: (peer) => join(root, "state", folder(peer)),
    spool: (peer) => join(root, "spool", folder(peer)),
    mcp: (server) => join(root, "mcp", server),
    agent,
    workspace: (id) => join(agent(id), "workspace"),
    boxHome: (id) => join(agent(id), "home"),
    boxKept: (id) => join(agent(id), "kept"),
    instructions: (id) => join(agent(id), "AGENT.md"),
    identityPub: (id) => join(agent(id), "identity.pub"),
  };
}
