/** The credentials of a channel, each from where the operator has it: standard input, a file, or a hidden prompt. */
import type { ArgsDef } from "citty";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Arguments } from "../command.ts";
import type { Context } from "../context.ts";
import type { ChannelSetup, CredentialAsk } from "./setup.ts";
import { CHANNEL_SETUPS } from "./table.ts";

/** `--<name>-stdin` and `--<name>-file` for every credential that some channel has. */
export function credentialArgs(): ArgsDef {
  const args: ArgsDef = {};
  for (const name of allNames()) {
    const words = name.replaceAll("-", " ");
    args[`${name}-stdin`] = { type: "boolean", description: `read the ${words} from standard input` };
    args[`${name}-file`] = {
      type: "string",
      description: `read the ${words} from a file`,
      valueHint: "PATH",
    };
  }
  return args;
}

/** Values by their names; the caller disposes each. */
export class Credentials implements Disposable {
  readonly #values = new Map<string, SecretString>();

  /** Reads every credential of the channel, in the order of its row. */
  static async read(
    context: Context,
    args: Arguments,
    setup: ChannelSetup,
  ): Promise<Result<Credentials, Fault>> {
    const own = setup.asks.filter(({ name }) => args.flag(`${name}-stdin`));
    if (own.length > 1) return fail("usage", "standard input holds one credential; give the others as files");
    const asked = setup.asks.map(({ name }) => name);
    const isGiven = (name: string): boolean =>
      args.flag(`${name}-stdin`) || args.text(`${name}-file`) !== undefined;
    if (allNames().some((name) => isGiven(name) && !asked.includes(name))) {
      return fail("usage", `a credential was given that ${setup.label} does not have`, {
        hint: `it has: ${asked.join(", ")}`,
      });
    }
    const credentials = new Credentials();
    for (const ask of setup.asks) {
      const value = await readOne(context, args, ask);
      if (!value.ok) {
        credentials[Symbol.dispose]();
        return value;
      }
      credentials.#values.set(ask.name, value.value);
    }
    return ok(credentials);
  }

  /** The value of one of the row's names. */
  get(name: string): SecretString {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error("a credential that the channel's row does not name");
    return value;
  }

  [Symbol.dispose](): void {
    for (const value of this.#values.values()) value[Symbol.dispose]();
    this.#values.clear();
  }
}

function allNames(): readonly string[] {
  const setups: readonly ChannelSetup[] = Object.values(CHANNEL_SETUPS);
  return [...new Set(setups.flatMap(({ asks }) => asks.map(({ name }) => name)))];
}

async function readOne(
  context: Context,
  args: Arguments,
  { name, question }: CredentialAsk,
): Promise<Result<SecretString, Fault>> {
  const file = args.text(`${name}-file`);
  if (!args.flag(`${name}-stdin`)) {
    if (file !== undefined) return await context.terminal.secretFromFile(file);
    if (context.terminal.interactive) return await context.terminal.askSecret(question);
    return fail("usage", "a credential is needed and there is no terminal to ask on", {
      hint: `pass it with \`--${name}-stdin\` or \`--${name}-file\``,
    });
  }
  if (file !== undefined) return fail("usage", `choose one of \`--${name}-stdin\` and \`--${name}-file\``);
  return await context.terminal.secretFromStdin();
}
