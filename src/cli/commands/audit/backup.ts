/** `wirken audit backup FILE`: a consistent copy, by the running program (which writes a row) or offline. */
import { resolve } from "node:path";
import { backupLog } from "#audit/log-views.ts";
import { ok } from "#contracts/result.ts";
import type { Leaf } from "../../command.ts";
import { DB_ARG } from "../../log-file.ts";

export const backup: Leaf = {
  description: "write a consistent copy of the record to a new file",
  args: { file: { type: "positional", description: "the new file", required: true }, ...DB_ARG },
  json: true,
  run: async (context, args) => {
    const file = resolve(args.text("file") ?? "");
    const client = args.text("db") === undefined ? await context.connect() : undefined;
    if (client?.ok === true) {
      using connection = client.value;
      const told = await connection.call("audit_backup", { file });
      if (!told.ok) return told;
      context.out.data(told.value, () => [`${told.value.rows} rows in ${told.value.file}`]);
      return ok(0);
    }
    const made = backupLog(args.text("db") ?? context.paths.auditDb, file);
    if (!made.ok) return made;
    context.out.data({ file, rows: made.value.rows }, () => [`${made.value.rows} rows in ${file}`]);
    return ok(0);
  },
};
