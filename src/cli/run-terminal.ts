/**
 * What `wirken run` says and asks on the operator's terminal. The keeper itself (src/keeper) is put beside it by
 * main.ts: this zone sees its events, never its secrets.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import type { RoleReport } from "#contracts/keeper-link.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import { type Environment, readEnvironment } from "#host/env.ts";
import { dataPaths } from "#host/paths.ts";
import { stopSignal } from "#host/signals.ts";
import { systemClock } from "#runtime/clock.ts";
import { openBrowser } from "./browser.ts";
import { connectControl, patiently } from "./client.ts";
import { parseStrictly } from "./command.ts";
import { type Output, textOutput } from "./output.ts";
import { run } from "./commands/run.ts";
import { processTerminal } from "./terminal.ts";

/** The control socket answers once the record is open, a moment after the roles run. */
const CONNECT_MS_MAX = 10_000;
const BETWEEN_TABS_MS = 700;

/** The keeper's events as far as a terminal shows them. */
export type ShownEvent =
  | { readonly kind: "vault"; readonly keeping: { readonly kind: string; readonly why?: Fault } }
  | { readonly kind: "role"; readonly report: RoleReport }
  | { readonly kind: "leftovers"; readonly count: number }
  | { readonly kind: "skipped" | "fault"; readonly role: string; readonly fault: Fault }
  | { readonly kind: "stopping"; readonly reason: string }
  | { readonly kind: "stopped"; readonly sealed: boolean; readonly ended: number }
  | { readonly kind: "state_aside" | "listening" | "ready" };

export interface RunTerminal {
  readonly environment: Environment;
  /** The descriptor that `--passphrase-fd` names. */
  readonly passphraseFd: number | undefined;
  readonly signal: AbortSignal;
  readonly out: Output;
  askPassphrase(): Promise<SecretString | undefined>;
  onSlowKeychain(): void;
  onEvent(event: ShownEvent): void;
  onFailure(fault: Fault): void;
}

/** Parses the words of `wirken run` and opens its terminal. */
export function runTerminal(words: readonly string[]): Result<RunTerminal, Fault> {
  const args = parseStrictly(run, ["run"], words);
  if (!args.ok) return args;
  const environment = readEnvironment();
  if (!environment.ok) return environment;
  const fd = args.value.text("passphrase-fd");
  if (fd !== undefined && !/^[0-9]{1,4}$/.test(fd))
    return fail("usage", "`--passphrase-fd` takes a descriptor's number");
  const out = textOutput(
    false,
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  );
  const terminal = processTerminal();
  return ok({
    environment: environment.value,
    passphraseFd: fd === undefined ? undefined : Number(fd),
    signal: stopSignal().signal,
    out,
    askPassphrase: async () => {
      const asked = await terminal.askSecret("Passphrase of the vault");
      return asked.ok ? asked.value : undefined;
    },
    onSlowKeychain: () => out.say("waiting for the keychain (is it asking to be unlocked?) …"),
    onFailure: (fault) => out.fault(fault),
    onEvent: (event) => {
      show(out, event);
      if (event.kind === "ready") void greet(environment.value, out, !args.value.flag("no-open"));
    },
  });
}

function show(out: Output, event: ShownEvent): void {
  switch (event.kind) {
    case "vault":
      if (event.keeping.kind === "none") {
        out.say(
          `no vault yet (${event.keeping.why?.message ?? "none was made"}): signing keys live for this run, a new record begins`,
        );
      } else
        out.say(
          `vault open, its key is ${event.keeping.kind === "keychain" ? "in the keychain" : "under a passphrase"}`,
        );
      return;
    case "role":
      if (event.report.state === "backoff" && event.report.exitCode !== 0) {
        out.say(`${event.report.peerId} ended (${exitWords(event.report.exitCode)}), it is started again`);
      }
      return;
    case "leftovers":
      out.say(`ended ${event.count} processes that an earlier run left behind`);
      return;
    case "skipped":
    case "fault":
      out.say(
        `${event.role}: ${event.fault.message}${event.fault.hint === undefined ? "" : ` (try: ${event.fault.hint})`}`,
      );
      return;
    case "stopping":
      out.say(`stopping: ${event.reason}`);
      return;
    case "stopped":
      out.say(
        event.sealed
          ? "stopped, the record is signed and closed"
          : "stopped, but the record could not be signed in time",
      );
      return;
    case "state_aside":
      out.say("sealed state of a vault that is gone was put aside");
      return;
    case "listening":
    case "ready":
      return;
  }
}

/** Prints the two links, and opens both pages where there is a browser. */
async function greet(environment: Environment, out: Output, open: boolean): Promise<void> {
  const connect = (): ReturnType<typeof connectControl> =>
    connectControl(dataPaths(environment.dataDir).controlSocket);
  const client = await patiently(connect, systemClock, CONNECT_MS_MAX);
  if (!client.ok) {
    out.fault(client.error);
    return;
  }
  using connection = client.value;
  const status = await connection.call("status", {});
  const chat = await connection.call("open", { page: "chat" });
  const operator = await connection.call("open", { page: "console" });
  for (const answer of [status, chat, operator]) if (!answer.ok) out.fault(answer.error);
  if (!chat.ok || !operator.ok || !status.ok) return;
  const script = status.value.provider === "rehearsal";
  out.data({ chat: chat.value.link, console: operator.value.link }, () => [
    "",
    "wirken runs.",
    `  chat     ${chat.value.link}`,
    "           talk to the agent",
    `  console  ${operator.value.link}`,
    "           say yes or no to what it asks, read the record",
    ...sshLines(environment),
    script
      ? "  model    a rehearsal script, not a model: it shows how wirken asks and records. `wirken setup` connects one"
      : `  model    ${status.value.provider} · ${status.value.model}`,
    "Each link works once, for 10 minutes; `wirken open` makes another. Stop with Ctrl-C.",
    "",
  ]);
  if (!open) return;
  openBrowser(environment, operator.value.link);
  await systemClock.sleep(BETWEEN_TABS_MS); // the chat comes last and so in front
  openBrowser(environment, chat.value.link);
}

function sshLines(environment: Environment): readonly string[] {
  if (!environment.terminal.ssh) return [];
  const [chat, operator] = [environment.webchatPort, environment.consolePort];
  return [
    `  over SSH: on your own computer, ssh -L ${chat}:127.0.0.1:${chat} -L ${operator}:127.0.0.1:${operator} <this machine>`,
  ];
}

function exitWords(code: number): string {
  if (code === -1) return "by a signal";
  return code === -2 ? "it did not start" : `exit ${code}`;
}
