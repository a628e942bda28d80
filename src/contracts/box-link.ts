/**
 * What gateway and box role say to each other: JSON lines over one inherited socket pair. The gateway reads strangers'
 * words, so the box role takes few and fixed ones from it: it names an agent and a command, never what a box holds,
 * and the plan that follows is made on both sides. A file outside the workspace is named by agent, given folder and
 * path within; whether the operator gave that folder to that agent, and for what, the box role reads itself.
 */
import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { type Result, err, ok } from "./result.ts";

/** The descriptor on which the gateway finds its box role, after the keeper's; the box role itself has it on 3. */
export const BOX_FD = 4;
/** The descriptor over which the gateway is handed listeners; nothing else is said there. */
export const DOOR_FD = 5;
/** Longest line either way. Output comes in pieces well below it. */
export const BOX_LINE_BYTES_MAX = 1_048_576;

const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const agent = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(131_072);
const path = z.string().max(4_096);
const fileBytes = z.int().min(0).max(LIMITS.folder_file_bytes_max);
const file = z.base64().max(Math.ceil(LIMITS.folder_file_bytes_max / 3) * 4);
/** A place beneath a folder that the operator gave the agent; `path` is relative to `folder`. */
const place = { id, agent, folder: path, path } as const;

const toBox = z.discriminatedUnion("kind", [
  /** Can the agent's folders be kept as they are now? Answered by `looked`. */
  z.strictObject({ kind: z.literal("look"), id, agent }),
  /** Keep the folders, run, say what changed. Answered by `output`s and `ended`, or `refused`. */
  z.strictObject({
    kind: z.literal("run"),
    id,
    agent,
    argv: z.tuple([text], text),
    cwd: path,
    program: path,
    /** With a network of its own, whose listener goes over the door with this run's id. */
    network: z.boolean(),
    /** SHA-256 of the plan as it was approved. */
    plan: sha256,
  }),
  z.strictObject({ kind: z.literal("stop"), id }),
  /** Puts back what a run changed, where it still is as the run left it. Answered by `undone`. */
  z.strictObject({ kind: z.literal("undo"), id, agent, changes: sha256 }),
  /** A file of a given folder. Answered by `file`, or `refused`. */
  z.strictObject({ kind: z.literal("folder_read"), ...place, bytesMax: fileBytes }),
  /** The names in a given folder. Answered by `names`, or `refused`. */
  z.strictObject({
    kind: z.literal("folder_list"),
    ...place,
    entriesMax: z.int().min(1).max(LIMITS.list_entries_max),
  }),
  /** Keeps the old bytes and writes, if the file has the hash `before` (empty: there is none). Answered by `wrote`. */
  z.strictObject({
    kind: z.literal("folder_write"),
    ...place,
    before: z.union([sha256, z.literal("")]),
    base64: file,
  }),
]);
export type ToBox = z.infer<typeof toBox>;

const report = z.strictObject({
  verdict: z.enum(["none", "time", "memory", "processes", "disk", "stopped"]),
  code: z.int().nullable(),
  signal: z.string().max(16).nullable(),
});

const fromBox = z.discriminatedUnion("kind", [
  /** Once, after the self-test: whether the box is enforced here, and why not. */
  z.strictObject({ kind: z.literal("ready"), enforced: z.boolean(), detail: z.string().max(512) }),
  z.strictObject({ kind: z.literal("looked"), id, fits: z.boolean(), detail: z.string().max(512) }),
  z.strictObject({ kind: z.literal("output"), id, base64: z.string().max(BOX_LINE_BYTES_MAX) }),
  z.strictObject({
    kind: z.literal("ended"),
    id,
    report,
    /** SHA-256 of the list of changes; empty where nothing changed or the new state could not be read. */
    changes: z.union([sha256, z.literal("")]),
    changed: z.int().min(0),
    /** Why the changes cannot be undone; empty where they can. */
    lost: z.string().max(512),
  }),
  z.strictObject({
    kind: z.literal("refused"),
    id,
    reason: z.string().max(64),
    message: z.string().max(512),
  }),
  z.strictObject({ kind: z.literal("file"), id, base64: file }),
  z.strictObject({
    kind: z.literal("names"),
    id,
    entries: z
      .array(z.strictObject({ name: z.string().max(255), kind: z.enum(["file", "folder", "link", "other"]) }))
      .max(LIMITS.list_entries_max),
    more: z.boolean(),
  }),
  /** `changes` names the list that `undo` takes. */
  z.strictObject({ kind: z.literal("wrote"), id, changes: sha256, changed: z.int().min(1) }),
  z.strictObject({ kind: z.literal("undone"), id, done: z.boolean(), message: z.string().max(512) }),
]);
export type FromBox = z.infer<typeof fromBox>;
export type BoxReport = z.infer<typeof report>;

/** Parses a line of the gateway. Unknown words and surplus keys are refused. */
export function parseToBox(line: string): Result<ToBox, "malformed"> {
  return parse(toBox, line);
}

/** Parses a line of the box role. */
export function parseFromBox(line: string): Result<FromBox, "malformed"> {
  return parse(fromBox, line);
}

function parse<T>(schema: z.ZodType<T>, line: string): Result<T, "malformed"> {
  if (line.length > BOX_LINE_BYTES_MAX) return err("malformed");
  try {
    const parsed = schema.safeParse(JSON.parse(line));
    return parsed.success ? ok(parsed.data) : err("malformed");
  } catch {
    return err("malformed");
  }
}
