/** `folders.json`: which folders beside its workspace an agent's file tools and boxed commands may use. */
import { z } from "zod";
import { LIMITS } from "./limits.ts";

const path = z
  .string()
  .min(2)
  .max(4_096)
  .regex(/^\/[^\0\n]*$/);

export const agentFolderSchema = z.strictObject({ path, access: z.enum(["read", "write"]) });

export const agentFoldersSchema = z.strictObject({
  version: z.literal(1),
  agents: z.record(z.string().max(64), z.array(agentFolderSchema).max(LIMITS.agent_folders_max)),
});

export interface AgentFolder {
  /** Absolute real path. */
  readonly path: string;
  /** `read`: read and run. `write`: also change, with the old state kept. */
  readonly access: "read" | "write";
}

export type AgentFolders = z.infer<typeof agentFoldersSchema>;
