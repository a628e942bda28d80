/** `wirken channel list`. */
import type { Leaf } from "../../command.ts";
import { table } from "../../output.ts";
import { callAndShow } from "../../remote.ts";

export const list: Leaf = {
  description: "list the channels and their state",
  args: {},
  json: true,
  run: (context) =>
    callAndShow(context, "channels_list", {}, (views) =>
      table(
        ["instance", "state", "paired", "detail"],
        views.map((view) => [view.instance, view.state, String(view.paired), view.detail]),
      ),
    ),
};
