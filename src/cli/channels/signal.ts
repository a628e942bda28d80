/** Connecting Signal: the number of an account that a signal-cli daemon has, tested by asking the daemon for it. */
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";

const NUMBER = /^\+[1-9]\d{6,14}$/;
const STEPS = [
  "in signal-cli: leave --send-read-receipts off, and run the daemon with --receive-mode on-connection",
  "in Signal: give the account a profile name, so that people know whom they write to",
] as const;

export const signal: ChannelSetup = {
  label: "Signal",
  apiBase: undefined,
  asks: [{ name: "account", kind: "account", question: "Number of the bot's account in signal-cli (+…)" }],
  probe,
  pairing: (bot, code) => ({
    // https://support.signal.org: signal.me opens a chat with a number. A masked one leads nowhere.
    link: NUMBER.test(bot) ? `https://signal.me/#p/${bot}` : "",
    press: `send: /pair ${code}`,
    byHand: `from your own account send ${bot === "" ? "the bot" : bot}: /pair ${code}`,
  }),
};

/** The account's own number, once signal-cli says that it has it. */
async function probe({ fetch, apiBase, credential }: ProbePorts): Promise<Result<Connected, Fault>> {
  const account = credential("account").use((text) => (NUMBER.test(text) ? text : undefined));
  if (account === undefined) {
    return fail("auth", "this is not a phone number", {
      hint: "write it as +49151…, with the country's code",
    });
  }
  let answer: unknown;
  try {
    const response = await fetch(`${apiBase}/api/v1/rpc`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: "1", method: "listAccounts" }),
      signal: AbortSignal.timeout(PROBE_MS_MAX),
      redirect: "error",
    });
    answer = await response.json();
  } catch {
    return fail("unavailable", "signal-cli did not answer", {
      hint: "start it with `signal-cli daemon --http 127.0.0.1:PORT --receive-mode on-connection`, and check `--api-base`",
    });
  }
  const accounts: readonly unknown[] | undefined =
    isJsonObject(answer) && Array.isArray(answer["result"]) ? answer["result"] : undefined;
  if (accounts === undefined) {
    return fail("protocol", "this is not how signal-cli answers for all its accounts", {
      hint: "start its daemon without -a, and check `--api-base`",
    });
  }
  if (accounts.some((one) => isJsonObject(one) && one["number"] === account)) {
    return ok({ bot: account, steps: STEPS });
  }
  return fail("auth", "signal-cli does not have this account", {
    hint: "link or register it first: `signal-cli link`, or `signal-cli -a NUMBER register`",
  });
}
