/**
 * What gateway and box role say to each other: JSON lines over one inherited socket pair. The gateway reads strangers'
 * words, so the box role takes few and fixed ones from it: it names an agent and a command, never a folder, and the
 * plan that follows is made on both sides.
 */
import { z } from "zod";
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
