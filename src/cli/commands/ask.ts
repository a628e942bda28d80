/**
 * `wirken ask`: one message from the terminal, the answer on stdout. On a terminal an approval is asked there; piped,
 * every ask is a deny, and the output says what was denied.
 */
import type { ControlEvent } from "#contracts/control-results.ts";
import { FAULT_EXIT } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import { answerOnTerminal } from "../approval-dialog.ts";
import type { Leaf } from "../command.ts";

const FAILED = 1;

export const ask: Leaf = {
  description: "send one message to an agent and print its answer",
  args: {
    message: { type: "string", alias: "m", description: "the message", valueHint: "TEXT", required: true },
    agent: { type: "string", description: "the agent", valueHint: "ID", default: "default" },
  },
  json: true,
  run: async (context, args) => {
    const client = await context.connect();
    if (!client.ok) return client;
    using connection = client.value;
    const interactive = context.terminal.interactive && !context.out.json;
    let streamed = "";
    const show = (event: ControlEvent): void => {
      if (context.out.json) return;
      if (event.type === "text_delta") {
        streamed += event.text;
        context.out.write(visible(event.text));
      }
      if (event.type === "output" && interactive) {
        if (event.skipped > 0) context.out.say(`  … ${event.skipped} lines left out`);
        for (const line of event.lines) context.out.say(`  │ ${line}`);
      }
      if (event.type === "item" && event.item.type === "tool" && event.item.card.state !== "proposed") {
        const { card } = event.item;
        context.out.say(`[${card.state}] ${card.verb} ${visible(card.target)}`);
      }
      if (
        event.type === "item" &&
        event.item.type === "approval" &&
        event.item.closed === null &&
        interactive
      ) {
        void answerOnTerminal(context, connection, event.item.prompt);
      }
    };
    const params = { agent: args.text("agent") ?? "default", text: args.text("message") ?? "", interactive };
    const answer = await connection.call("ask", params, show);
    if (!answer.ok) return answer;
    const { answer: text, error } = answer.value;
    // What has streamed is on the screen already, all but the line's end.
    context.out.data(answer.value, () => (streamed !== "" ? [""] : text === "" ? [] : [visible(text)]));
    if (error !== null && !context.out.json) {
      const { happened, kept, remedy, command } = error;
      context.out.say(visible(`${happened} ${kept} ${remedy}`));
      if (command !== "") context.out.say(`  try: ${visible(command)}`);
    }
    for (const denied of answer.value.denied) context.out.say(`denied, nobody to ask: ${visible(denied)}`);
    if (answer.value.denied.length > 0) return ok(FAULT_EXIT.refused);
    return ok(answer.value.outcome === "answered" ? 0 : FAILED);
  },
};
