/**
 * `wirken audit backup FILE`: a consistent copy of the log. A running program writes its row first; the copy
 * is made here,
 * since the gateway may write nowhere but in its own folders.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { backupLog } from "#audit/log-views.ts";
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import type { Leaf } from "../../command.ts";
import { DB_ARG } from "../../log-file.ts";

export const backup: Leaf = {
  description: "write a consistent copy of the record to a new file",
  args: { file: { type: "positional", description: "the new file", required: true }, ...DB_ARG },
  json: true,
  run: async (context, args) => {
    const file = resolve(args.text("file") ?? "");
    if (existsSync(file)) {
      return fail("usage", "the backup's file exists already", { hint: "name another file" });
    }
    const client = args.text("db") === undefined ? await context.connect() : undefined;
    if (client?.ok === true) {
      using connection = client.value;
      const recorded = await connection.call("audit_backup", { file });
      if (!recorded.ok) return recorded;
    }
    const made = backupLog(args.text("db") ?? context.paths.auditDb, file);
    if (!made.ok) return made;
    context.out.data({ file, rows: made.value.rows }, () => [`${made.value.rows} rows in ${file}`]);
    return ok(0);
  },
};
