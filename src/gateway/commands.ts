/** What a person says to the program and not to the model: slash commands, and the buttons of an approval. Pure. */
import type { Inbound } from "#contracts/message.ts";

export type Command =
  | { readonly name: "stop" }
  | { readonly name: "new" }
  | { readonly name: "again" }
  | { readonly name: "status" }
  | { readonly name: "help" }
  | { readonly name: "pair" }
  | { readonly name: "approve"; readonly approvalId: string; readonly remember: boolean }
  | { readonly name: "deny"; readonly approvalId: string; readonly why: string }
  /** A command or button that we do not know: answered with the help, never given to the model. */
  | { readonly name: "unknown" };

export const HELP = [
  "/stop ends the running turn",
  "/new begins a new conversation",
  "/again asks once more for what nobody answered in time",
  "/status says what runs",
  "/approve ID and /deny ID answer a request",
  "/help shows this",
].join("\n");

/** The command in an event, or `undefined` for words to the model. `words` is what the sender typed. */
export function commandOf(inbound: Inbound, words: string): Command | undefined {
  if (inbound.kind === "button") return buttonOf(inbound.value, words);
  const text = inbound.kind === "command" ? inbound.value : words;
  const match = /^\/([a-z]{1,16})(?:@\w{1,64})?(?:\s+([\s\S]*))?$/i.exec(text.trim());
  if (match === null) return inbound.kind === "command" ? { name: "unknown" } : undefined;
  const [first = "", ...rest] = (match[2] ?? "").trim().split(/\s+/);
  const word: string = (match[1] ?? "").toLowerCase();
  switch (word) {
    case "stop":
    case "cancel":
      return { name: "stop" };
    case "new":
      return { name: "new" };
    case "again":
      return { name: "again" };
    case "status":
      return { name: "status" };
    case "help":
    case "start":
      return { name: "help" };
    case "pair":
      return { name: "pair" };
    case "approve":
      return { name: "approve", approvalId: first, remember: rest[0] === "remember" };
    case "deny":
      return { name: "deny", approvalId: first, why: rest.join(" ").slice(0, 1_000) };
    default:
      // A path at the start of a sentence ("/etc/hosts says…") does not match the pattern; a lone unknown word does.
      return { name: "unknown" };
  }
}

/** `approve:ID`, `approve-remember:ID`, `deny:ID`: what adapters put on the buttons of an approval. */
function buttonOf(value: string, words: string): Command {
  const match = /^(approve|approve-remember|deny):([a-z0-9-]{1,64})$/.exec(value);
  const approvalId = match?.[2];
  if (match === null || approvalId === undefined) return { name: "unknown" };
  if (match[1] === "deny") return { name: "deny", approvalId, why: words.slice(0, 1_000) };
  return { name: "approve", approvalId, remember: match[1] === "approve-remember" };
}
