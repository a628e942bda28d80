/**
 * Where a path of the model's lies: in the workspace, in a folder that the operator gave the agent, or outside. An
 * absolute path counts as given only as its text has it, without `..`; links on the way are refused where it is opened,
 * so the text is the real path of what is decided about, approved and used.
 */
import type { ActionBase } from "#contracts/action.ts";
import type { AgentFolder } from "#contracts/agent-folders.ts";
import { parseRelativePath } from "#host/relative-path.ts";
import { sha256Hex } from "./digest.ts";
import type { GivenFolders } from "./folder-port.ts";
import type { Prepared } from "./tool.ts";

export type FilePlace =
  | { readonly kind: "workspace"; readonly path: string }
  | { readonly kind: "given"; readonly path: string; readonly folder: string }
  | { readonly kind: "outside"; readonly path: string; readonly why: string };

const ADVICE =
  "only files of the workspace, and of folders that the operator gave, can be used; " +
  "the operator gives one with: wirken agents folder add PATH --read (or --write)";

/** The place of `path`. A folder given for reading alone is outside for a call that writes. */
export function placeOf(path: string, given: GivenFolders, access: AgentFolder["access"]): FilePlace {
  const relative = parseRelativePath(path);
  if (relative.ok) return { kind: "workspace", path: relative.value.text };
  const beneath = path.startsWith("/") ? parseRelativePath(path.replace(/^\/+/, "")) : undefined;
  if (beneath === undefined) return { kind: "outside", path, why: `${relative.error.message}; ${ADVICE}` };
  if (!beneath.ok) return { kind: "outside", path, why: `${beneath.error.message}; ${ADVICE}` };
  // One name for one place: what stands in a grant or on a card has no second spelling.
  const whole = `/${beneath.value.components.join("/")}`;
  const folder = givenFolderOf(whole, given.folders);
  if (folder === undefined) return { kind: "outside", path: whole, why: ADVICE };
  if (access === "write" && folder.access === "read") {
    const why = "this folder was given for reading only (wirken agents folder add PATH --write)";
    return { kind: "outside", path: whole, why };
  }
  if (given.missing !== "") return { kind: "outside", path: whole, why: given.missing };
  return { kind: "given", path: whole, folder: folder.path };
}

/** The innermost given folder that holds the path. */
export function givenFolderOf(path: string, folders: readonly AgentFolder[]): AgentFolder | undefined {
  const holding = folders.filter((folder) => `${path}/`.startsWith(`${folder.path}/`));
  return holding.reduce<AgentFolder | undefined>(
    (inner, folder) => (inner === undefined || folder.path.length > inner.path.length ? folder : inner),
    undefined,
  );
}

/** `path` as the box role is told it: relative to the folder. */
export function withinFolder(folder: string, path: string): string {
  return path === folder ? "." : path.slice(folder.length + 1);
}

type Outside = Extract<FilePlace, { readonly kind: "outside" }>;

/** A reading call whose path is outside: classified as what it would be, and refused. */
export function refuseOutside({ path, why }: Outside, base: ActionBase): Prepared {
  return { action: { ...base, kind: "external_file_read", path }, refusal: why };
}

/** The same for a call that would write `text`. */
export function refuseWrite({ path, why }: Outside, base: ActionBase, text: string): Prepared {
  const bytes = Buffer.byteLength(text);
  const write = { path, bytes, sha256: sha256Hex(text), difference: "" };
  return { action: { ...base, kind: "external_file_write", ...write }, refusal: why };
}
