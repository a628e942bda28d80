/**
 * Files of the folders that the operator gave to agents, for the gateway, which cannot open them. The gateway's word
 * names a folder and counts for nothing more: the operator's list, read anew for each order, says whether the agent has
 * it. The whole way from the root is opened without following a link, so a link put in the place of a given folder, or
 * of one above it, leads nowhere.
 */
import type { FromBox, ToBox } from "#contracts/box-link.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { KeptChange } from "#contracts/kept-changes.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import { agentFolders } from "#host/agent-folders.ts";
import { BeneathRoot } from "#host/beneath.ts";
import type { DataPaths } from "#host/paths.ts";
import { type RelativePath, parseRelativePath } from "#host/relative-path.ts";
import { encodeChanges } from "./changes.ts";
import { KeptObjects } from "./kept-objects.ts";

export type FolderOrder = Extract<ToBox, { readonly kind: `folder_${string}` }>;

export interface FolderPorts {
  readonly paths: DataPaths;
  /** Kept bytes that must stay, by hash. */
  readonly needed: ReadonlySet<string>;
}

const NEW_FILE_MODE = 0o600;
const NEW_FOLDER_MODE = 0o700;
/** Of the names of one answer; each may take six times its length as JSON. */
const NAME_BYTES_MAX = 131_072;

/** Where an order points, once it is known that it may. */
interface Place {
  readonly folder: string;
  readonly within: RelativePath;
  /** Beneath the root of the system. */
  readonly at: (path: string) => string;
}

/**
 * Does what the order says. Fails with `refused` and the reason `not_given` for a folder that the agent does not have,
 * or not for writing; `changed` for a file that is not as it was decided about; else as `BeneathRoot` does.
 */
export function takeFolderOrder(order: FolderOrder, ports: FolderPorts): Result<FromBox, Fault> {
  const place = placeOf(order, ports.paths);
  if (!place.ok) return place;
  const system = BeneathRoot.open("/");
  if (!system.ok) return system;
  using root = system.value;
  switch (order.kind) {
    case "folder_read": {
      const file = root.read(place.value.at(place.value.within.text), order.bytesMax);
      if (!file.ok) return file;
      return ok({ kind: "file", id: order.id, base64: Buffer.from(file.value.bytes).toString("base64") });
    }
    case "folder_list":
      return list(order.id, root, place.value, order.entriesMax);
    case "folder_write":
      return write(order, root, place.value, ports);
  }
}

function placeOf(order: FolderOrder, paths: DataPaths): Result<Place, Fault> {
  const folders = agentFolders(paths, order.agent);
  if (!folders.ok) return folders;
  const access = folders.value.find(({ path }) => path === order.folder)?.access;
  if (access === undefined || (order.kind === "folder_write" && access !== "write")) {
    return fail("refused", "the folder was not given to the agent for this, or was taken back", {
      reason: "not_given",
    });
  }
  const within = parseRelativePath(order.path);
  if (!within.ok) return within;
  const beneath = order.folder.slice(1);
  return ok({
    folder: order.folder,
    within: within.value,
    at: (path) => (path === "." ? beneath : `${beneath}/${path}`),
  });
}

function list(id: number, root: BeneathRoot, place: Place, entriesMax: number): Result<FromBox, Fault> {
  const listed = root.list(place.at(place.within.text), entriesMax);
  if (!listed.ok) return listed;
  let room = NAME_BYTES_MAX;
  const entries = listed.value.entries
    .map(({ name, kind }) => ({ name: name.toWellFormed(), kind }))
    .filter(({ name }) => (room -= Buffer.byteLength(name)) >= 0);
  const more = listed.value.more || entries.length < listed.value.entries.length;
  return ok({ kind: "names", id, entries, more });
}

function write(
  order: Extract<FolderOrder, { readonly kind: "folder_write" }>,
  root: BeneathRoot,
  place: Place,
  { paths, needed }: FolderPorts,
): Result<FromBox, Fault> {
  const { within, folder, at } = place;
  const path = at(within.text);
  // The folder itself is never made: one that is gone is not the one that was given.
  const there = root.list(at("."), 1);
  if (!there.ok) return there;
  const old = root.read(path, LIMITS.folder_file_bytes_max);
  if (!old.ok && old.error.code !== "not_found") return old;
  const objects = KeptObjects.open(paths.boxKept(order.agent));
  if (!objects.ok) return objects;
  const before = old.ok ? objects.value.keepBytes(old.value.bytes) : ok("");
  if (!before.ok) return before;
  if (before.value !== order.before) {
    return fail("refused", "the file changed after the call was decided; nothing was done", {
      reason: "changed",
    });
  }
  const bytes = Buffer.from(order.base64, "base64");
  const mode = old.ok ? old.value.mode : NEW_FILE_MODE;
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const changes: readonly KeptChange[] = [
    ...newFolders(root, place),
    {
      root: folder,
      path: within.text,
      before: old.ok ? { kind: "file", mode, sha256: before.value } : null,
      after: { kind: "file", mode, sha256 },
    },
  ];
  // Kept before the effect: what cannot be undone is not done.
  const kept = objects.value.keepBytes(encodeChanges(changes));
  if (!kept.ok) return kept;
  objects.value.prune(new Set([...needed, before.value, kept.value]), LIMITS.box_old_bytes_max);
  const written = root.write(path, bytes);
  if (!written.ok) return written;
  return ok({ kind: "wrote", id: order.id, changes: kept.value, changed: changes.length });
}

/** The folders above the file that the write makes, outermost first. */
function newFolders(root: BeneathRoot, { folder, within, at }: Place): readonly KeptChange[] {
  const above = within.folders.map((_, depth) => within.folders.slice(0, depth + 1).join("/"));
  return above.flatMap((path): KeptChange[] => {
    const found = root.list(at(path), 1);
    if (found.ok || found.error.code !== "not_found") return [];
    return [{ root: folder, path, before: null, after: { kind: "folder", mode: NEW_FOLDER_MODE } }];
  });
}
