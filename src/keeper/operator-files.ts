/** `config.json` and `mcp.json` as they were read last. A file that breaks leaves what was read before in force. */
import type { Config } from "#contracts/config.ts";
import type { Fault } from "#contracts/fault.ts";
import type { McpFile } from "#contracts/mcp-config.ts";
import type { Result } from "#contracts/result.ts";
import { MCP } from "./roster.ts";

export interface FileReaders {
  readonly config: () => Result<Config, Fault>;
  readonly servers: () => Result<McpFile, Fault>;
}

export class OperatorFiles {
  readonly #read: FileReaders;
  #config: Config;
  #servers: McpFile;

  constructor(read: FileReaders, config: Config, servers: McpFile) {
    this.#read = read;
    this.#config = config;
    this.#servers = servers;
  }

  get config(): Config {
    return this.#config;
  }

  get servers(): McpFile {
    return this.#servers;
  }

  /** Reads both afresh; `onFault` is told of one that breaks. */
  readAgain(onFault: (file: string, fault: Fault) => void): void {
    const config = this.#read.config();
    if (config.ok) this.#config = config.value;
    else onFault("config", config.error);
    const servers = this.#read.servers();
    if (servers.ok) this.#servers = servers.value;
    else onFault(MCP, servers.error);
  }
}
