/** `wirken open`: a one-time link to the chat or the console page. */
import { ok } from "#contracts/result.ts";
import type { Leaf } from "../command.ts";
import { openBrowser } from "../browser.ts";

export const open: Leaf = {
  description: "open the chat page, or the console with --console (prints a one-time link)",
  args: {
    console: { type: "boolean", description: "the operator's console instead of the chat" },
    print: { type: "boolean", description: "print the link, open nothing" },
  },
  json: true,
  run: async (context, args) => {
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const page = args.flag("console") ? "console" : "chat";
    const answer = await connection.call("open", { page });
    if (!answer.ok) return answer;
    context.out.data(answer.value, () => [answer.value.link]);
    if (!args.flag("print") && !context.out.json) openBrowser(context.environment, answer.value.link);
    context.out.say("the link works once, for 10 minutes");
    return ok(0);
  },
};
