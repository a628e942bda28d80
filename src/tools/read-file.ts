/** `read_file`: a text file of the workspace or of a given folder, whole or some lines. */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { sha256Hex } from "./digest.ts";
import { readView, textOf } from "./file-views.ts";
import { done, failedBy, notMine } from "./outcome.ts";
import { refuseOutside, placeOf } from "./file-place.ts";
import { treeOf } from "./file-tree.ts";
import { defineTool } from "./tool.ts";

const PATH_BYTES_MAX = 4_096;
const LINES_MAX = 1_000_000;

export const readFileTool = defineTool({
  name: "read_file",
  description: "Read a text file of the workspace, or of a folder the operator gave you (absolute path).",
  schema: objectSchema(
    {
      path: { type: "string", description: "Path relative to the workspace, or absolute in a given folder." },
      from_line: { type: "integer", minimum: 1, description: "First line; 1 by default." },
      lines: { type: "integer", minimum: 1, description: "How many lines; all by default." },
    },
    ["path"],
  ),
  parse: (args) =>
    parseArguments(args, ["path", "from_line", "lines"], (reader) => ({
      path: reader.text("path", PATH_BYTES_MAX),
      from_line: reader.integer("from_line", 1, LINES_MAX, 1),
      lines: reader.integer("lines", 1, LINES_MAX, LINES_MAX),
    })),
  classify: (args, baseOf, { given }) => {
    const place = placeOf(args.path, given, "read");
    const { path } = place;
    const base = baseOf({ ...args, path });
    if (place.kind === "outside") return refuseOutside(place, base);
    if (place.kind === "workspace") return { action: { ...base, kind: "workspace_read", path } };
    return { action: { ...base, kind: "folder_read", folder: place.folder, path } };
  },
  perform: async ({ action }, context) => {
    const tree = action.kind === "workspace_list" ? undefined : treeOf(action, context);
    if (tree === undefined) return notMine();
    const file = await tree.read(tree.start, LIMITS.read_bytes_max);
    if (!file.ok) return failedBy(file.error);
    const bytes = file.value;
    const text = textOf(bytes);
    const recorded: JsonObject = {
      bytes: bytes.length,
      sha256: sha256Hex(bytes),
      ...(text === undefined ? {} : { text }),
    };
    const view = readView(action.args, recorded);
    return view.ok ? done(view.value, { recorded }) : notMine();
  },
});
