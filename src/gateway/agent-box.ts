/** The box of one agent's commands, as the gateway last saw it: whether it holds, and what is in it. */
import type { AgentFolder } from "#contracts/agent-folders.ts";
import type { AgentId } from "#contracts/ids.ts";
import { agentFolders } from "#host/agent-folders.ts";
import type { DataPaths } from "#host/paths.ts";
import type { BoxPort } from "#tools/box-port.ts";
import type { BoxContext } from "#tools/tool.ts";

export class AgentBox {
  readonly #port: BoxPort;
  readonly #paths: DataPaths;
  readonly #agent: AgentId;
  #folders: readonly AgentFolder[] = [];
  #missing = "it was not looked at yet";

  constructor(port: BoxPort, paths: DataPaths, agent: AgentId) {
    this.#port = port;
    this.#paths = paths;
    this.#agent = agent;
  }

  /** Reads the operator's list and asks whether the folders can be kept. Stands until the next look. */
  async look(): Promise<void> {
    if (!this.#port.enforced) {
      this.#missing = this.#port.detail;
      return;
    }
    const folders = agentFolders(this.#paths, this.#agent);
    this.#folders = folders.ok ? folders.value : [];
    if (!folders.ok) {
      this.#missing = folders.error.message;
      return;
    }
    const { fits, detail } = await this.#port.look(this.#agent);
    this.#missing = fits ? "" : `its files cannot be kept: ${detail}`;
  }

  context(): BoxContext {
    return {
      port: this.#port,
      agent: this.#agent,
      paths: this.#paths,
      folders: this.#folders,
      missing: this.#missing,
    };
  }
}
