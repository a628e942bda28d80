/** `wirken undo`: brings back the bytes that a file had before an agent wrote it. */
import type { Leaf } from "../command.ts";
import { callAndShow } from "../remote.ts";

export const undo: Leaf = {
  description: "undo an agent's edit of a file",
  args: {
    session: { type: "positional", description: "the session, agent/channel/c-…", required: true },
    call: { type: "positional", description: "the call, k-…", required: true },
  },
  json: true,
  run: (context, args) =>
    callAndShow(
      context,
      "undo",
      { session: args.text("session") ?? "", call: args.text("call") ?? "" },
      (result) => [result.detail],
    ),
};
