/** `wirken channel pair`: a code by which the owner of an account becomes a known person. */
import { configSchema } from "#contracts/config.ts";
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import type { ControlClient } from "../../client.ts";
import { setupOf } from "../../channels/table.ts";
import type { Leaf } from "../../command.ts";
import { TIER_3_RISK } from "../approvers/group.ts";
import { pairingLines } from "./pairing.ts";

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
    const instance = args.text("instance") ?? "";
    const setup = setupOf(instance);
    if (setup === undefined) return fail("not_found", "there is no such channel, or nobody pairs with it");
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const made = await connection.call("channel_pair", { instance, upTo: upTo === "3" ? 3 : 2 });
    if (!made.ok) return made;
    const bot = await botOf(connection, instance);
    const words = setup.pairing(bot, made.value.code, await hasOwnServer(connection, instance));
    context.out.data({ ...made.value, link: words.link }, () => pairingLines(made.value, words));
    return ok(0);
  },
};

/** The bot's name as its adapter last reported it; empty when it has not yet. */
async function botOf(client: ControlClient, instance: string): Promise<string> {
  const list = await client.call("channels_list", {});
  const detail = list.ok ? (list.value.find((view) => view.instance === instance)?.detail ?? "") : "";
  return /^@(\S.{0,99})$/.exec(detail)?.[1] ?? "";
}

/**
 * Whether the operator chose another server than the platform's. What cannot be read counts as chosen: no
 * link then.
 */
async function hasOwnServer(client: ControlClient, instance: string): Promise<boolean> {
  const got = await client.call("config_get", {});
  const config = configSchema.safeParse(got.ok ? got.value.config : undefined);
  return !config.success || config.data.channels[instance]?.api_base !== undefined;
}
