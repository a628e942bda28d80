/**
 * How an operator connects one channel: what is asked, how it is tested live, and how its owner becomes known.
 * A channel is a row of `table.ts`; the commands know no platform.
 */
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Random } from "#runtime/random.ts";

/** One value that a channel needs, kept in the vault under its name. */
export interface CredentialAsk {
  /** As in `CHANNEL_NEEDS`; `--<name>-stdin` and `--<name>-file` give it without a question. */
  readonly name: string;
  /** The vault's word for what it is: `token`, `account` … */
  readonly kind: string;
  /** What it is and where one finds it, as it is asked on a terminal. */
  readonly question: string;
}

export interface ProbePorts {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** The server to ask, without a slash at its end. */
  readonly apiBase: string;
  /** A value that was asked for. Only names of `asks` are there. */
  readonly credential: (name: string) => SecretString;
  /** Port on 127.0.0.1 where the platform's events will arrive; `undefined` for a channel that only calls out. */
  readonly webhookPort: number | undefined;
  /** Unix milliseconds, for what is signed. */
  readonly nowMs: number;
}

/** What the live test found. */
export interface Connected {
  /** The bot's own name, as people see it there; without `@`. */
  readonly bot: string;
  /** What is left to do on the platform's side, with the least rights, a line each. */
  readonly steps: readonly string[];
}

/** How a pairing code is passed on. */
export interface PairingWords {
  /** Opens the bot with the code in place; empty where the platform has no such link. */
  readonly link: string;
  /** What to press behind the link, e.g. "press Start". */
  readonly press: string;
  /** "from your own account send @bot: /start CODE" */
  readonly byHand: string;
}

/** Where an address leads: to this channel's own adapter, to something else, or nowhere. */
export type Reach = "ours" | "another" | "nothing";

/** The way in of a channel that listens. */
export interface WebhookSetup {
  /** Path of its one route. */
  readonly path: string;
  /** Asks an address as the platform would. `ours` only where the answer takes the channel's own secret. */
  reaches(url: string, ports: Pick<ProbePorts, "fetch" | "credential">, random: Random): Promise<Reach>;
}

export interface ChannelSetup {
  /** The platform's name for people. */
  readonly label: string;
  /** The platform's own API; `undefined` where only the operator can name the server, with `--api-base`. */
  readonly apiBase: string | undefined;
  readonly asks: readonly CredentialAsk[];
  /** Asks the platform who the bot is. No fault repeats a credential, or the platform's words. */
  probe(ports: ProbePorts): Promise<Result<Connected, Fault>>;
  /** Of channels that listen alone. */
  readonly webhook?: WebhookSetup;
  /** @param bot empty where its name is not known; @param isOwnServer: the operator chose another server */
  pairing(bot: string, code: string, isOwnServer: boolean): PairingWords;
}

/** Longest wait for a platform's answer to a probe, in milliseconds. */
export const PROBE_MS_MAX = 15_000;
