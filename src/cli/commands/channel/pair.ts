/** `wirken channel pair`: a code by which the owner of an account becomes a known person. */
import { fail } from "#contracts/fault.ts";
import type { Leaf } from "../../command.ts";
import { moment } from "../../output.ts";
import { callAndShow } from "../../remote.ts";
import { TIER_3_RISK } from "../approvers/group.ts";

export const pair: Leaf = {
  description: "make a pairing code: send it to the bot from your own account",
  args: {
    instance: { type: "positional", description: "the channel, e.g. telegram", required: true },
    "up-to": {
      type: "string",
      description: "highest tier this account may approve: 2 or 3",
      valueHint: "TIER",
      default: "2",
    },
  },
  json: true,
  run: async (context, args) => {
    const upTo = args.text("up-to");
    if (upTo !== "2" && upTo !== "3") return fail("usage", "`--up-to` is 2 or 3");
    if (upTo === "3") context.out.say(`warning: ${TIER_3_RISK}`);
    const params = { instance: args.text("instance") ?? "", upTo: upTo === "3" ? 3 : 2 } as const;
    return await callAndShow(context, "channel_pair", params, (result) => [
      `send this to the bot: /pair ${result.code}`,
      `it works once, until ${moment(result.expiresMs)}`,
    ]);
  },
};
