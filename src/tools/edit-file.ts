/** `edit_file`: replaces one text in a file of the workspace, or of a folder given for writing. */
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { argumentOf } from "./digest.ts";
import { textOf } from "./file-views.ts";
import { placeOf, refuseWrite } from "./file-place.ts";
import { defineTool } from "./tool.ts";
import { oldFile, performWrite, writeAction } from "./write-action.ts";

const PATH_BYTES_MAX = 4_096;

export const editFileTool = defineTool({
  name: "edit_file",
  description: "Replace a text in a file of the workspace. The old text must stand there exactly once.",
  schema: objectSchema(
    {
      path: { type: "string", description: "Path relative to the workspace, or absolute in a given folder." },
      old_text: { type: "string", description: "The text to replace, exactly as it stands." },
      new_text: { type: "string", description: "What takes its place." },
    },
    ["path", "old_text", "new_text"],
  ),
  parse: (args) =>
    parseArguments(args, ["path", "old_text", "new_text"], (reader) => ({
      path: reader.text("path", PATH_BYTES_MAX),
      old_text: reader.text("old_text", LIMITS.read_bytes_max),
      new_text: reader.text("new_text", LIMITS.write_bytes_max),
    })),
  classify: (args, baseOf, context) => {
    const place = placeOf(args.path, context.given, "write");
    const { path } = place;
    const base = baseOf({ path, old_text: argumentOf(args.old_text), new_text: argumentOf(args.new_text) });
    const refuse = (refusal: string) => ({
      action: { ...base, kind: "unknown_tool", name: "edit_file", reason: "edit" } as const,
      refusal,
    });
    if (place.kind === "outside") return refuseWrite(place, base, args.new_text);
    const old = oldFile(context, place);
    if (old === undefined) return refuse("there is no such file; write_file makes one");
    if ("why" in old) return refuse(old.why === "limit" ? "the file is too large to edit" : old.why);
    const text = textOf(old.bytes);
    if (text === undefined) return refuse("the file is not text");
    const at = args.old_text === "" ? -1 : text.indexOf(args.old_text);
    if (at < 0) return refuse("the old text does not stand in the file");
    if (text.indexOf(args.old_text, at + 1) >= 0) {
      return refuse("the old text stands in the file more than once; give more of what surrounds it");
    }
    const fresh = text.slice(0, at) + args.new_text + text.slice(at + args.old_text.length);
    if (Buffer.byteLength(fresh) > LIMITS.write_bytes_max) return refuse("the file would become too large");
    return writeAction(place, fresh, old, baseOf);
  },
  perform: async (prepared, context) => performWrite(prepared, context),
});
