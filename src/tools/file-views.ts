/**
 * The outputs of the deterministic tools as pure functions of arguments and recorded inputs. A tool records what it
 * read and shows what these functions make of it; `session verify` makes it again and compares.
 */
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";

/** Bytes as text for a record, or `undefined` for what is not text. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `read_file`: recorded `{bytes, sha256, text?}`; arguments `from_line`, `lines`. */
export function readView(args: JsonObject, recorded: JsonObject): Result<string, "malformed"> {
  const { text, bytes, sha256 } = recorded;
  const { from_line: from, lines: count } = args;
  if (typeof bytes !== "number" || typeof sha256 !== "string") return err("malformed");
  if (typeof from !== "number" || typeof count !== "number") return err("malformed");
  if (text === undefined) return ok(`[not text: ${bytes} bytes, sha256 ${sha256}]`);
  if (typeof text !== "string") return err("malformed");
  const all = text.split("\n");
  if (from === 1 && count >= all.length) return ok(text);
  const chosen = all.slice(from - 1, from - 1 + count);
  const note = `[lines ${from} to ${from - 1 + chosen.length} of ${all.length}]`;
  return ok(`${chosen.join("\n")}\n${note}`);
}

const SUFFIX = { file: "", folder: "/", link: " (link, not followed)", other: " (special file)" } as const;

/** `list_files`: recorded `{entries: [{name, kind}], more}`. */
export function listView(_args: JsonObject, recorded: JsonObject): Result<string, "malformed"> {
  const entries = listOf(recorded["entries"]);
  const more = recorded["more"];
  if (entries === undefined || typeof more !== "boolean") return err("malformed");
  const lines: string[] = [];
  for (const entry of entries) {
    const { name, kind } = entry;
    if (typeof name !== "string" || typeof kind !== "string") return err("malformed");
    if (kind !== "file" && kind !== "folder" && kind !== "link" && kind !== "other") return err("malformed");
    lines.push(`${JSON.stringify(name).slice(1, -1)}${SUFFIX[kind]}`);
  }
  if (more) lines.push(`[more than ${entries.length} entries]`);
  return ok(lines.length === 0 ? "[empty folder]" : lines.join("\n"));
}

/** `search_files`: recorded `{found: [{path, line, text}], files, more}`; each line must really match the query. */
export function searchView(args: JsonObject, recorded: JsonObject): Result<string, "malformed"> {
  const { query, ignore_case: ignoreCase } = args;
  const found = listOf(recorded["found"]);
  const { files, more } = recorded;
  if (typeof query !== "string" || typeof ignoreCase !== "boolean") return err("malformed");
  if (found === undefined || typeof files !== "number" || typeof more !== "boolean") return err("malformed");
  const lines: string[] = [];
  for (const { path, line, text } of found) {
    if (typeof path !== "string" || typeof line !== "number" || typeof text !== "string")
      return err("malformed");
    if (!matches(text, query, ignoreCase)) return err("malformed");
    lines.push(`${JSON.stringify(path).slice(1, -1)}:${line}: ${text}`);
  }
  const end = more ? "[there is more; narrow the search]" : `[${lines.length} lines in ${files} files read]`;
  return ok([...lines, end].join("\n"));
}

/** True when the line holds the query. */
export function matches(line: string, query: string, ignoreCase: boolean): boolean {
  return ignoreCase ? line.toLowerCase().includes(query.toLowerCase()) : line.includes(query);
}

function listOf(value: Json | undefined): readonly JsonObject[] | undefined {
  if (value === undefined || !isJsonArray(value)) return undefined;
  return value.every(isJsonObject) ? value : undefined;
}
