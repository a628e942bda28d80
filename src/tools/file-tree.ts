/** Reading where a file action points: in the workspace, or through the box role in a given folder. */
import type { Action } from "#contracts/action.ts";
import type { Fault } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { FolderNames } from "./folder-port.ts";
import { withinFolder } from "./file-place.ts";
import type { ToolContext } from "./tool.ts";

export interface FileTree {
  /** Where the action points, for `read` and `list`. */
  readonly start: string;
  /** The name by which the model knows a path of this tree. */
  nameOf(path: string): string;
  read(path: string, bytesMax: number): Promise<Result<Uint8Array, Fault>>;
  list(path: string, entriesMax: number): Promise<Result<FolderNames, Fault>>;
}

/** The tree of a reading action; `undefined` for an action that reads no file. */
export function treeOf(action: Action, context: ToolContext): FileTree | undefined {
  if (action.kind === "workspace_read" || action.kind === "workspace_list") {
    const { workspace } = context;
    return {
      start: action.path,
      nameOf: (path) => path,
      read: async (path, bytesMax) => {
        const file = workspace.read(path, bytesMax);
        return file.ok ? ok(file.value.bytes) : file;
      },
      list: async (path, entriesMax) => workspace.list(path, entriesMax),
    };
  }
  if (action.kind !== "folder_read") return undefined;
  const { folder } = action;
  const { port, agent } = context.given;
  return {
    start: withinFolder(folder, action.path),
    nameOf: (path) => (path === "." ? folder : `${folder}/${path}`),
    read: (path, bytesMax) =>
      port.readFile({ agent, folder, path }, Math.min(bytesMax, LIMITS.folder_file_bytes_max)),
    list: (path, entriesMax) =>
      port.listFolder({ agent, folder, path }, Math.min(entriesMax, LIMITS.list_entries_max)),
  };
}
