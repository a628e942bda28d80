/** `wirken run`: the operator's terminal (src/cli) and the keeper (src/keeper), put side by side. */
import { FAULT_EXIT } from "#contracts/fault.ts";
import type { Environment } from "#host/env.ts";
import { remainingEnvironment } from "#host/env.ts";
import { main as keep } from "./keeper/main.ts";
import { becomeWithout, passphraseFrom } from "./keeper/passphrase.ts";
import { runTerminal } from "./cli/run-terminal.ts";
import { systemClock } from "./runtime/clock.ts";
import { giveBackAfterStart } from "./runtime/give-back.ts";

/** Runs the keeper to its end. A passphrase from the environment is first moved to a pipe (docs/formats/vault.md). */
export async function main(words: readonly string[]): Promise<number> {
  const opened = runTerminal(words);
  if (!opened.ok) {
    process.stderr.write(`wirken: ${opened.error.message}\n`);
    if (opened.error.hint !== undefined) process.stderr.write(`  try: ${opened.error.hint}\n`);
    return FAULT_EXIT[opened.error.code];
  }
  const terminal = opened.value;
  let environment: Environment = terminal.environment;
  const given = environment.passphrase;
  if (given !== undefined) {
    const stayed = becomeWithout(given, ["run", ...words], remainingEnvironment());
    // Only where the system cannot replace a running program: then the value stays in this process's memory alone.
    if (!stayed.ok && stayed.error.code !== "unsupported") {
      terminal.onFailure(stayed.error);
      return FAULT_EXIT[stayed.error.code];
    }
  }
  if (terminal.passphraseFd !== undefined) {
    const read = passphraseFrom(terminal.passphraseFd);
    if (!read.ok) {
      terminal.onFailure(read.error);
      return FAULT_EXIT[read.error.code];
    }
    environment = { ...environment, passphrase: read.value };
  }
  return await keep({
    environment,
    signal: terminal.signal,
    askPassphrase: () => terminal.askPassphrase(),
    onSlowKeychain: () => terminal.onSlowKeychain(),
    onEvent: (event) => {
      if (event.kind === "ready") giveBackAfterStart(systemClock);
      terminal.onEvent(event);
    },
    onFailure: (fault) => terminal.onFailure(fault),
  });
}
