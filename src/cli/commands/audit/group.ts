/** `wirken audit`: read, check and copy the record. Reading and checking work offline, on any file. */
import type { Group } from "../../command.ts";

export const audit: Group = {
  description: "read, check and copy the record",
  children: {
    verify: async () => (await import("./verify.ts")).verify,
    log: async () => (await import("./log.ts")).log,
    checkpoint: async () => (await import("./checkpoint.ts")).checkpoint,
    backup: async () => (await import("./backup.ts")).backup,
    "accept-state": async () => (await import("./accept.ts")).acceptState,
    "accept-tail": async () => (await import("./accept.ts")).acceptTail,
  },
};
