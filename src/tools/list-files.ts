/** `list_files`: the names in one folder, of the workspace or given by the operator. */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { listView } from "./file-views.ts";
import { done, failedBy, notMine } from "./outcome.ts";
import { refuseOutside, placeOf } from "./file-place.ts";
import { treeOf } from "./file-tree.ts";
import { defineTool } from "./tool.ts";

const PATH_BYTES_MAX = 4_096;

export const listFilesTool = defineTool({
  name: "list_files",
  description: "List the names in a folder of the workspace. A folder's name ends in a slash.",
  schema: objectSchema(
    {
      path: {
        type: "string",
        description:
          "Folder relative to the workspace, which is the default, or absolute in one given to you.",
      },
    },
    [],
  ),
  parse: (args) =>
    parseArguments(args, ["path"], (reader) => ({ path: reader.text("path", PATH_BYTES_MAX, ".") })),
  classify: (args, baseOf, { given }) => {
    const place = placeOf(args.path, given, "read");
    const { path } = place;
    const base = baseOf({ path });
    if (place.kind === "outside") return refuseOutside(place, base);
    if (place.kind === "workspace") return { action: { ...base, kind: "workspace_list", path } };
    return { action: { ...base, kind: "folder_read", folder: place.folder, path } };
  },
  perform: async ({ action }, context) => {
    const tree = action.kind === "workspace_read" ? undefined : treeOf(action, context);
    if (tree === undefined) return notMine();
    const listed = await tree.list(tree.start, LIMITS.list_entries_max);
    if (!listed.ok) return failedBy(listed.error);
    const recorded: JsonObject = {
      entries: listed.value.entries.map(({ name, kind }) => ({ name: name.toWellFormed(), kind })),
      more: listed.value.more,
    };
    const view = listView(action.args, recorded);
    return view.ok ? done(view.value, { recorded }) : notMine();
  },
});
