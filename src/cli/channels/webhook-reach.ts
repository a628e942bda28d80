/** Where an address leads, asked by the word of a secret of ours (adapters/kit/webhook-keys.ts answers). */
import type { Random } from "#runtime/random.ts";
import { webhookWord } from "#runtime/webhook-word.ts";
import { PROBE_MS_MAX, type ProbePorts, type Reach, type WebhookSetup } from "./setup.ts";

/**
 * The way in of a channel.
 * @param path of its one route
 * @param secret the credential that the word belongs to
 */
export function webhookAt(path: string, secret: string): WebhookSetup {
  return {
    path,
    reaches: async (url, ports, random) => {
      const word = ports.credential(secret).use(webhookWord);
      return await reachOf(url, word, ports, random);
    },
  };
}

/** Asks twice: whoever echoes a challenge for a wrong word, too, is somebody else. */
async function reachOf(
  url: string,
  word: string,
  { fetch }: Pick<ProbePorts, "fetch">,
  random: Random,
): Promise<Reach> {
  const challenge = random.bytes(8).toHex();
  const ask = async (given: string): Promise<string | undefined> => {
    const query = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.verify_token": given,
      "hub.challenge": challenge,
    });
    try {
      const signal = AbortSignal.timeout(PROBE_MS_MAX);
      const response = await fetch(`${url}?${query}`, { signal, redirect: "error" });
      return response.ok ? (await response.text()).slice(0, 64) : "";
    } catch {
      return undefined; // no connection, no certificate, no answer in time: nothing is there
    }
  };
  const right = await ask(word);
  const wrong = await ask(random.bytes(16).toHex());
  if (right === undefined || wrong === undefined) return "nothing";
  return right === challenge && wrong !== challenge ? "ours" : "another";
}
