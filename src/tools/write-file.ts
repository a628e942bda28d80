/** `write_file`: makes or replaces a file of the workspace, or of a folder given for writing. */
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { argumentOf } from "./digest.ts";
import { placeOf, refuseWrite } from "./file-place.ts";
import { defineTool } from "./tool.ts";
import { oldFile, overwriteAction, performWrite, writeAction } from "./write-action.ts";

const PATH_BYTES_MAX = 4_096;

export const writeFileTool = defineTool({
  name: "write_file",
  description:
    "Write a text file of the workspace, or of a folder given to you for writing; an old file can be brought back.",
  schema: objectSchema(
    {
      path: { type: "string", description: "Path relative to the workspace, or absolute in a given folder." },
      content: { type: "string", description: "The whole new content." },
    },
    ["path", "content"],
  ),
  parse: (args) =>
    parseArguments(args, ["path", "content"], (reader) => ({
      path: reader.text("path", PATH_BYTES_MAX),
      content: reader.text("content", LIMITS.write_bytes_max),
    })),
  classify: (args, baseOf, context) => {
    const place = placeOf(args.path, context.given, "write");
    const { path } = place;
    const base = baseOf({ path, content: argumentOf(args.content) });
    if (place.kind === "outside") return refuseWrite(place, base, args.content);
    const old = oldFile(context, place);
    if (old === undefined || !("why" in old)) return writeAction(place, args.content, old, baseOf);
    if (place.kind === "given")
      return refuseWrite({ kind: "outside", path, why: old.why }, base, args.content);
    if (old.why === "limit") return overwriteAction(path, args.content, baseOf);
    return {
      action: { ...base, kind: "destructive_file_op", path, operation: "overwrite" },
      refusal: old.why,
    };
  },
  perform: async (prepared, context) => performWrite(prepared, context),
});
