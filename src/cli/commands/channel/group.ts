/** `wirken channel`: connect a platform, pair its owner, take it away. */
import type { Group } from "../../command.ts";

export const channel: Group = {
  description: "connect messaging channels",
  children: {
    add: async () => (await import("./add.ts")).add,
    list: async () => (await import("./list.ts")).list,
    doctor: async () => (await import("./doctor.ts")).doctor,
    pair: async () => (await import("./pair.ts")).pair,
    unpair: async () => (await import("./unpair.ts")).unpair,
    remove: async () => (await import("./remove.ts")).remove,
  },
};
