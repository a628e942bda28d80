/**
 * Signal around the compiled executable: the strict daemon over HTTP, people who write to the account, and what the
 * program says of itself, as an operator sees it.
 */
import { connectControl } from "#cli/client.ts";
import { dataPaths } from "#host/paths.ts";
import { systemClock } from "#runtime/clock.ts";
import { type Home, type Ran, type Running, freshHome, startWirken, wirken } from "./binary.ts";
import { ACCOUNT, ACCOUNT_UUID, type SentMessage, SignalDaemonFake } from "./signal-fake/daemon.ts";
import type { Row } from "./telegram-lab.ts";

/** A person on Signal. */
export interface Someone {
  readonly sourceUuid: string;
  readonly sourceNumber: string;
  readonly sourceName: string;
}

export const ANA: Someone = {
  sourceUuid: "a0000000-0000-4000-8000-00000000000a",
  sourceNumber: "+4915550142",
  sourceName: "Ana",
};
export const BEN: Someone = {
  sourceUuid: "b0000000-0000-4000-8000-00000000000b",
  sourceNumber: "+4915550177",
  sourceName: "Ben",
};
export const GROUP = {
  groupId: `${"G".repeat(43)}=`,
  groupName: "Team",
  revision: 1,
  type: "DELIVER",
} as const;

/** One world: a home, a daemon, and `wirken run` while it runs. Disposing ends all. */
export class SignalLab implements AsyncDisposable {
  readonly daemon: SignalDaemonFake;
  readonly home: Home;
  readonly base: string;
  readonly #server: Bun.Server<undefined>;
  #running: Running | undefined;

  /** @param numbered whether the daemon can be asked for its last events again */
  constructor(numbered = true) {
    this.daemon = new SignalDaemonFake(systemClock, numbered);
    this.home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests" });
    this.#server = this.daemon.serve();
    this.base = new URL(this.#server.url).origin;
  }

  async run(): Promise<void> {
    this.#running = await startWirken(this.home);
  }

  /** Runs a command that must succeed; answers what it printed. */
  async ok(...words: string[]): Promise<string> {
    const ran = await wirken(this.home, words);
    if (ran.code !== 0) throw new Error(`wirken ${words.join(" ")}: ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  async json<T>(...words: string[]): Promise<T> {
    const value: T = JSON.parse(await this.ok(...words, "--json"));
    return value;
  }

  /** Adds the channel as an operator does, with the number on standard input. */
  async addChannel(instance = "signal"): Promise<Ran> {
    const words = ["channel", "add", instance, "--account-stdin", "--api-base", this.base];
    return await wirken(this.home, words, { stdin: ACCOUNT });
  }

  /** Adds the channel, pairs Ana by the code it prints, and waits for the answer. */
  async pairAna(): Promise<Ran> {
    const added = await this.addChannel();
    const code = /\/pair ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    this.say(ANA, `/pair ${code}`);
    await this.heard(/^Paired\./);
    return added;
  }

  /** Somebody writes: to the account, or with `groupInfo` in `more` to a group. */
  say(from: Someone, message: string | null, more: object = {}): void {
    const timestamp = this.daemon.timestamp();
    const dataMessage = { timestamp, message, expiresInSeconds: 0, viewOnce: false, ...more };
    this.daemon.push({ ...from, source: from.sourceUuid, sourceDevice: 1, timestamp, dataMessage });
  }

  /** Somebody reacts to a message of the account. */
  react(from: Someone, emoji: string, message: SentMessage, more: object = {}): void {
    const author = {
      targetAuthor: ACCOUNT_UUID,
      targetAuthorNumber: ACCOUNT,
      targetAuthorUuid: ACCOUNT_UUID,
    };
    const reaction = { emoji, ...author, targetSentTimestamp: message.timestamp, isRemove: false };
    this.say(from, null, { reaction, ...more });
  }

  /** Waits for a message of the account after the first `from` that matches. */
  async heard(pattern: RegExp, from = 0): Promise<SentMessage> {
    const heard = (): string => JSON.stringify(this.daemon.sent.map(({ text }) => text.slice(0, 200)));
    return await this.until(
      () => this.daemon.sent.slice(from).find(({ text }) => pattern.test(text)),
      () => `${String(pattern)}, heard ${heard()}`,
    );
  }

  /** Waits until `find` gives something. */
  async until<T>(
    find: () => T | undefined | false | Promise<T | undefined | false>,
    what: string | (() => string),
  ): Promise<T> {
    const end = performance.now() + 20_000;
    for (;;) {
      const found = await find();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > end) {
        const name = typeof what === "string" ? what : what();
        throw new Error(`not within 20 s: ${name}\n${this.#running?.stderr() ?? ""}`);
      }
      await Bun.sleep(15);
    }
  }

  /** The adapter's process; `undefined` while none runs. */
  async pid(): Promise<number | undefined> {
    const { roles } = await this.json<{ roles: readonly { peerId: string; pid: number }[] }>("status");
    const pid = roles.find(({ peerId }) => peerId === "signal")?.pid ?? 0;
    return pid === 0 ? undefined : pid; // 0 would name the test's own processes
  }

  /** Kills the adapter; resolves when another runs. */
  async kill(): Promise<void> {
    const pid = await this.until(() => this.pid(), "the adapter to run");
    process.kill(pid, "SIGKILL");
    await this.until(async () => (await this.pid()) !== pid, "the adapter to be gone");
    const client = await connectControl(dataPaths(this.home.data).controlSocket);
    if (client.ok) {
      using connection = client.value;
      await connection.call("restart", { role: "signal" }); // the keeper's growing wait, cut short
    }
    await this.until(() => this.pid(), "another adapter");
  }

  async rows(...words: string[]): Promise<readonly Row[]> {
    return await this.json<readonly Row[]>("audit", "log", "--limit", "100000", ...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.stop("SIGTERM");
    this.daemon.streams.endAll();
    await this.#server.stop(true);
    this.home[Symbol.dispose]();
  }
}
