/** `wirken run` as help and completion know it; main.ts starts the keeper for it. */
import type { Leaf } from "../command.ts";

export const run: Leaf = {
  description: "start everything: agent, chat, console and channels",
  args: {
    "no-open": { type: "boolean", description: "do not open the browser" },
    "passphrase-fd": {
      type: "string",
      description: "read the vault's passphrase from this descriptor",
      valueHint: "N",
    },
  },
  run: () => Promise.reject(new Error("main.ts gives this word to the keeper")),
};
