/** What one boxed command changed: the list that undo works from, kept beside the bytes it names. */
import { z } from "zod";

const path = z
  .string()
  .min(1)
  .max(4_096)
  .refine(
    (text) =>
      !text.startsWith("/") && !text.split("/").some((name) => name === ".." || name === "." || name === ""),
  );

const entry = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("folder"), mode: z.int().min(0).max(0o7777) }),
  z.strictObject({ kind: z.literal("link"), target: z.string().max(4_096) }),
  z.strictObject({
    kind: z.literal("file"),
    mode: z.int().min(0).max(0o7777),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
]);

export const keptChangesSchema = z.strictObject({
  version: z.literal(1),
  changes: z.array(
    z.strictObject({
      /** The agent's workspace, or a folder that the operator gave it. */
      root: z.string().min(1).max(4_096),
      path,
      before: entry.nullable(),
      after: entry.nullable(),
    }),
  ),
});
export type KeptChanges = z.infer<typeof keptChangesSchema>;
export type KeptChange = KeptChanges["changes"][number];
export type KeptEntry = z.infer<typeof entry>;
