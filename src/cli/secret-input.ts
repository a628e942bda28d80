/** Where a secret value comes from: standard input, a file or a hidden prompt. Never a word of the command line. */
import type { ArgsDef } from "citty";
import { type Fault, fail } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Arguments } from "./command.ts";
import type { Context } from "./context.ts";

export const SECRET_ARGS = {
  stdin: { type: "boolean", description: "read the value from standard input" },
  file: { type: "string", description: "read the value from a file", valueHint: "PATH" },
} as const satisfies ArgsDef;

/** Reads the value by the way that was chosen; without one, asks on the terminal. */
export async function secretInput(
  context: Context,
  args: Arguments,
  question: string,
): Promise<Result<SecretString, Fault>> {
  const file = args.text("file");
  if (args.flag("stdin") && file !== undefined) return fail("usage", "choose one of `--stdin` and `--file`");
  if (args.flag("stdin")) return await context.terminal.secretFromStdin();
  if (file !== undefined) return await context.terminal.secretFromFile(file);
  return await context.terminal.askSecret(question);
}
