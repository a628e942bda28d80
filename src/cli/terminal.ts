/** The person's terminal: hidden prompts, yes or no, and standard input as bytes. Values never come from argv. */
import { createReadStream } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretString } from "#contracts/secret.ts";

const SECRET_BYTES_MAX = 65_536;

export interface Terminal {
  /** Standard input and error are a terminal: questions can be asked. */
  readonly interactive: boolean;
  /** Reads a secret from standard input to its end; one trailing newline is cut. */
  secretFromStdin(): Promise<Result<SecretString, Fault>>;
  /** Reads a secret from a file. */
  secretFromFile(path: string): Promise<Result<SecretString, Fault>>;
  /** Asks for a secret without showing it. Fails off a terminal. */
  askSecret(question: string): Promise<Result<SecretString, Fault>>;
  /** Asks yes or no; no is the default, also off a terminal. */
  confirm(question: string): Promise<boolean>;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  // Off a terminal Bun leaves `isTTY` undefined, whatever its type says.
  const interactive = Boolean(process.stdin.isTTY) && Boolean(process.stderr.isTTY);
  return {
    interactive,
    secretFromStdin: () => secretFrom(process.stdin),
    secretFromFile: async (path) => {
      try {
        return await secretFrom(createReadStream(path, { end: SECRET_BYTES_MAX + 1 }));
      } catch {
        return fail("io", "the file with the secret cannot be read", { hint: "check its path and its mode" });
      }
    },
    askSecret: async (question) => {
      if (!interactive)
        return fail("usage", "a secret is needed and there is no terminal to ask on", {
          hint: "pass it on standard input with `--stdin`",
        });
      const prompts = await import("@clack/prompts");
      const answer = await prompts.password({ message: question });
      if (typeof answer !== "string" || answer === "") return fail("usage", "nothing was typed");
      return ok(SecretString.take(new TextEncoder().encode(answer)));
    },
    confirm: async (question) => {
      if (!interactive) return false;
      const prompts = await import("@clack/prompts");
      return (await prompts.confirm({ message: question, initialValue: false })) === true;
    },
  };
}

async function secretFrom(stream: AsyncIterable<unknown>): Promise<Result<SecretString, Fault>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    const bytes = part instanceof Uint8Array ? part : new TextEncoder().encode(String(part));
    size += bytes.length;
    if (size > SECRET_BYTES_MAX) return fail("limit", "the secret is longer than 64 KiB");
    parts.push(bytes);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
    part.fill(0);
  }
  const end = whole.at(-1) === 10 ? (whole.at(-2) === 13 ? size - 2 : size - 1) : size;
  if (end === 0) return fail("usage", "the secret is empty");
  return ok(SecretString.take(whole.subarray(0, end)));
}
