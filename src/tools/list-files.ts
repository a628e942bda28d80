/** `list_files`: the names in one folder of the workspace. */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { listView } from "./file-views.ts";
import { done, failedBy, notMine } from "./outcome.ts";
import { outsideRefusal, workspacePath } from "./outside.ts";
import { defineTool } from "./tool.ts";

const PATH_BYTES_MAX = 4_096;

export const listFilesTool = defineTool({
  name: "list_files",
  description: "List the names in a folder of the workspace. A folder's name ends in a slash.",
  schema: objectSchema(
    {
      path: {
        type: "string",
        description: "Folder relative to the workspace; the workspace itself by default.",
      },
    },
    [],
  ),
  parse: (args) =>
    parseArguments(args, ["path"], (reader) => ({ path: reader.text("path", PATH_BYTES_MAX, ".") })),
  classify: (args, baseOf) => {
    const path = workspacePath(args.path);
    const base = baseOf({ path });
    return outsideRefusal(args.path, base) ?? { action: { ...base, kind: "workspace_list", path } };
  },
  perform: async ({ action }, { workspace }) => {
    if (action.kind !== "workspace_list") return notMine();
    const listed = workspace.list(action.path, LIMITS.list_entries_max);
    if (!listed.ok) return failedBy(listed.error);
    const recorded: JsonObject = {
      entries: listed.value.entries.map(({ name, kind }) => ({ name: name.toWellFormed(), kind })),
      more: listed.value.more,
    };
    const view = listView(action.args, recorded);
    return view.ok ? done(view.value, { recorded }) : notMine();
  },
});
