/** `wirken channel unpair`: a paired person becomes a stranger again, at once. */
import type { Leaf } from "../../command.ts";
import { callAndShow } from "../../remote.ts";

export const unpair: Leaf = {
  description: "take a pairing back: the person is a stranger again, at once",
  args: {
    instance: { type: "positional", description: "the channel, e.g. telegram", required: true },
    person: { type: "positional", description: "the person's id, p-…", required: true },
  },
  json: true,
  run: (context, args) =>
    callAndShow(
      context,
      "person_remove",
      { instance: args.text("instance") ?? "", person: args.text("person") ?? "" },
      ({ removed }) => [removed ? "unpaired" : "this person was not paired"],
    ),
};
