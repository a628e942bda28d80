/** The log that an audit command reads: the program's own, or any file. Reading needs no running program. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { ArgsDef } from "citty";
import { readFileBounded } from "#host/files.ts";
import type { Arguments } from "./command.ts";
import type { Context } from "./context.ts";

export const DB_ARG = {
  db: { type: "string", description: "another log file", valueHint: "FILE" },
} as const satisfies ArgsDef;

const KEY_FILE_BYTES_MAX = 65_536;

/** The log file that was chosen. */
export function logFile(context: Context, args: Arguments): string {
  return args.text("db") ?? context.paths.auditDb;
}

/**
 * The published keys beneath a folder that is laid out as the data folder: `log.pub` and `agents/<id>/identity.pub`,
 * hex, one a line, newest last.
 */
export function publishedKeys(folder: string): readonly { holder: string; key: string }[] {
  const agents = join(folder, "agents");
  const names = existsSync(agents) ? readdirSync(agents) : [];
  const files = [
    { holder: "log", file: join(folder, "log.pub") },
    ...names.map((name) => ({ holder: `agent:${name}`, file: join(agents, basename(name), "identity.pub") })),
  ];
  return files.flatMap(({ holder, file }) => {
    const bytes = readFileBounded(file, KEY_FILE_BYTES_MAX);
    if (!bytes.ok) return [];
    const lines = new TextDecoder().decode(bytes.value).split("\n");
    return lines.filter((line) => /^[0-9a-f]{64}$/.test(line)).map((key) => ({ holder, key }));
  });
}
