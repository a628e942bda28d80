/**
 * The words a person may type on any channel. The adapter only recognises them; what they do is the
 * gateway's. A slash that begins none of them is ordinary text: people write paths.
 */
export const COMMANDS = [
  "again",
  "approve",
  "cancel",
  "deny",
  "help",
  "model",
  "new",
  "pair",
  "start",
  "status",
  "stop",
] as const;

const COMMAND = /^\/([a-z]{2,16})(?:@(\w{1,64}))?(?:\s+([^]*))?$/i;

/** A command as it was typed. `addressee` is the bot it names, without `@`, or empty. */
export interface Command {
  /** `/pair CODE`: lower-case name, one space, operands as typed. */
  readonly value: string;
  readonly addressee: string;
}

/** Reads a message that is a command from its first character on. */
export function readCommand(text: string): Command | undefined {
  const [, word = "", addressee = "", operands = ""] = COMMAND.exec(text.trim()) ?? [];
  const name = word.toLowerCase();
  if (!COMMANDS.some((known) => known === name)) return undefined;
  const rest = operands.trim();
  return { value: rest === "" ? `/${name}` : `/${name} ${rest}`, addressee };
}
