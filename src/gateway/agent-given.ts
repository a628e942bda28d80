/**
 * The folders that the operator gave one agent, as the call at hand may use them. What a call would overwrite is seen
 * before the call is classified, and kept for that call alone: two conversations of an agent look at the same time.
 */
import type { AgentFolder } from "#contracts/agent-folders.ts";
import type { ModelCall } from "#contracts/conversation.ts";
import type { Fault } from "#contracts/fault.ts";
import type { AgentId, CallId } from "#contracts/ids.ts";
import { isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Result } from "#contracts/result.ts";
import { agentFolders } from "#host/agent-folders.ts";
import type { DataPaths } from "#host/paths.ts";
import type { BoxPort } from "#tools/box-port.ts";
import { placeOf, withinFolder } from "#tools/file-place.ts";
import type { FolderPort, GivenFolders } from "#tools/folder-port.ts";

const WRITERS: readonly string[] = ["write_file", "edit_file"];

export class AgentGiven {
  readonly #port: BoxPort & FolderPort;
  readonly #paths: DataPaths;
  readonly #agent: AgentId;
  /** Taken out again by the classification that follows. */
  readonly #seen = new Map<CallId, Result<Uint8Array, Fault>>();

  constructor(port: BoxPort & FolderPort, paths: DataPaths, agent: AgentId) {
    this.#port = port;
    this.#paths = paths;
    this.#agent = agent;
  }

  /** Sees the file that the call would write in a given folder. Nothing for any other call. */
  async look(call: ModelCall): Promise<void> {
    const path = WRITERS.includes(call.name) ? pathOf(call.args) : undefined;
    if (path === undefined) return;
    const place = placeOf(path, this.context(), "write");
    if (place.kind !== "given") return;
    const { folder } = place;
    const at = { agent: this.#agent, folder, path: withinFolder(folder, place.path) };
    this.#seen.set(call.id, await this.#port.readFile(at, LIMITS.folder_file_bytes_max));
  }

  /** For `call`: with what was seen for it, once. */
  context(call?: CallId): GivenFolders {
    const seen = call === undefined ? undefined : this.#seen.get(call);
    if (call !== undefined) this.#seen.delete(call);
    const { folders, missing } = this.#folders();
    const given = { port: this.#port, agent: this.#agent, folders, missing };
    return seen === undefined ? given : { ...given, seen };
  }

  #folders(): { readonly folders: readonly AgentFolder[]; readonly missing: string } {
    const folders = agentFolders(this.#paths, this.#agent);
    if (!folders.ok) return { folders: [], missing: folders.error.message };
    const missing = this.#port.enforced
      ? ""
      : `folders outside the workspace need the box: ${this.#port.detail}`;
    return { folders: folders.value, missing };
  }
}

function pathOf(args: string): string | undefined {
  try {
    const value: unknown = JSON.parse(args);
    const path = isJsonObject(value) ? value["path"] : undefined;
    return typeof path === "string" ? path : undefined;
  } catch {
    return undefined;
  }
}
