/** `wirken audit checkpoint`: the newest signed checkpoint, to keep elsewhere and verify against later. */
import { newestCheckpoint } from "#audit/verify-log.ts";
import { ok } from "#contracts/result.ts";
import type { Leaf } from "../../command.ts";
import { DB_ARG, logFile } from "../../log-file.ts";

export const checkpoint: Leaf = {
  description: "print the newest signed checkpoint, to keep elsewhere as an anchor",
  args: DB_ARG,
  json: true,
  run: async (context, args) => {
    const note = newestCheckpoint(logFile(context, args));
    if (!note.ok) return note;
    context.out.data({ checkpoint: note.value }, () => [note.value.trimEnd()]);
    return ok(0);
  },
};
