/** Files of the folders that the operator gave an agent, as tools use them: the box role opens them. */
import type { AgentFolder } from "#contracts/agent-folders.ts";
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import type { BeneathEntry } from "#host/beneath.ts";

export interface FolderPlace {
  readonly agent: string;
  /** A folder that the operator gave the agent, as its list names it. */
  readonly folder: string;
  /** Relative to `folder`; `.` for itself. */
  readonly path: string;
}

export interface FolderNames {
  readonly entries: readonly BeneathEntry[];
  readonly more: boolean;
}

export interface FolderWritten {
  /** Names the list of what was changed, for undo. */
  readonly changes: string;
  readonly changed: number;
}

/** Each fails with `refused` where the folder is not the agent's (any longer), or the path leads through a link. */
export interface FolderPort {
  readFile(place: FolderPlace, bytesMax: number): Promise<Result<Uint8Array, Fault>>;
  listFolder(place: FolderPlace, entriesMax: number): Promise<Result<FolderNames, Fault>>;
  /**
   * Keeps the old bytes and writes. `before`: SHA-256 of the file as it was decided about, empty where there was none;
   * another file fails with the reason `changed`.
   */
  writeFile(place: FolderPlace, before: string, bytes: Uint8Array): Promise<Result<FolderWritten, Fault>>;
}

/** What an agent has outside its workspace, as a call at hand may use it. */
export interface GivenFolders {
  readonly port: FolderPort;
  readonly agent: string;
  readonly folders: readonly AgentFolder[];
  /** Why none can be used now, for people; empty when they can. */
  readonly missing: string;
  /** The file that the call would write, as it was seen just before; absent for other calls. */
  readonly seen?: Result<Uint8Array, Fault>;
}
