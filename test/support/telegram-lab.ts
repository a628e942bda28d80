/**
 * Telegram around the compiled executable: the strict Bot API over HTTP, people who write to the bot, and what the
 * program says of itself, as an operator sees it.
 */
import { connectControl } from "#cli/client.ts";
import { dataPaths } from "#host/paths.ts";
import { systemClock } from "#runtime/clock.ts";
import { type Home, type Ran, type Running, freshHome, startWirken, wirken } from "./binary.ts";
import { BOT, BotApiFake, FAKE_TOKEN, type SentMessage } from "./telegram-fake/bot-api.ts";

/** A person on Telegram with their private chat. */
export interface Someone {
  readonly id: number;
  readonly is_bot: false;
  readonly first_name: string;
}

export const ANA: Someone = { id: 42, is_bot: false, first_name: "Ana" };
export const BEN: Someone = { id: 77, is_bot: false, first_name: "Ben" };

interface Role {
  readonly role: string;
  readonly peerId: string;
  readonly pid: number;
  readonly state: string;
  readonly pssBytes: number;
}

export interface Row {
  readonly kind: string;
  readonly session: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

/** One world: a home, a Bot API, and `wirken run` while it runs. Disposing ends all. */
export class TelegramLab implements AsyncDisposable {
  readonly api = new BotApiFake(systemClock);
  readonly home: Home;
  readonly base: string;
  readonly #server: Bun.Server<undefined>;
  #running: Running | undefined;
  #callbacks = 0;

  constructor(env: Record<string, string> = {}) {
    this.home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests", ...env });
    this.#server = this.api.serve();
    this.base = new URL(this.#server.url).origin;
  }

  get running(): Running {
    if (this.#running === undefined) throw new Error("wirken does not run");
    return this.#running;
  }

  async run(): Promise<void> {
    this.#running = await startWirken(this.home);
  }

  /** Stops in order; answers the exit code and how long it took, in milliseconds. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<{ code: number; tookMs: number }> {
    const begun = performance.now();
    const code = await this.running.stop(signal);
    this.#running = undefined;
    return { code, tookMs: performance.now() - begun };
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

  /** Adds the channel as an operator does, with the token on standard input. */
  async addChannel(instance = "telegram", base = this.base): Promise<Ran> {
    const words = ["channel", "add", instance, "--token-stdin", "--api-base", base];
    return await wirken(this.home, words, { stdin: FAKE_TOKEN });
  }

  /** Adds the channel, pairs Ana by the code it prints, and waits for the answer. */
  async pairAna(): Promise<void> {
    const added = await this.addChannel();
    const code = /\/start ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    this.say(ANA, `/start ${code}`);
    await this.heard(/^Paired\./);
  }

  /** Somebody writes to the bot in private. Answers the message's id. */
  say(from: Someone, text: string, more: object = {}): number {
    const message_id = this.api.messageId();
    const chat = { id: from.id, type: "private", first_name: from.first_name };
    this.api.push({ message: { message_id, date: now(), from, chat, text, ...more } });
    return message_id;
  }

  /** Somebody presses a button under a message of the bot. */
  press(from: Someone, message: SentMessage, value: string): void {
    const chat = { id: Number(message.chat), type: "private", first_name: "A" };
    const shown = { message_id: message.message_id, date: now(), from: BOT, chat, text: message.text };
    const id = `q${++this.#callbacks}`;
    this.api.push({ callback_query: { id, from, message: shown, data: value, chat_instance: "1" } });
  }

  /** Waits for a message of the bot after the first `from` that matches. */
  async heard(pattern: RegExp, from = 0): Promise<SentMessage> {
    return await this.until(
      () => this.api.sent.slice(from).find(({ text }) => pattern.test(text)),
      () =>
        `${String(pattern)}, heard ${JSON.stringify(this.api.sent.map(({ text }) => text.slice(0, 200)))}`,
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
      if (performance.now() > end)
        throw new Error(
          `not within 20 s: ${typeof what === "string" ? what : what()}\n${this.#running?.stderr() ?? ""}`,
        );
      await Bun.sleep(15);
    }
  }

  async roles(): Promise<readonly Role[]> {
    return (await this.json<{ roles: readonly Role[] }>("status")).roles;
  }

  /** The process of a role; `undefined` while none runs. */
  async pidOf(peerId: string): Promise<number | undefined> {
    const pid = (await this.roles()).find((role) => role.peerId === peerId)?.pid ?? 0;
    return pid === 0 ? undefined : pid; // 0 would name the test's own processes
  }

  /** Kills the process of a role; resolves when another runs. */
  async kill(peerId: string): Promise<void> {
    const pid = await this.until(() => this.pidOf(peerId), `${peerId} to run`);
    process.kill(pid, "SIGKILL");
    const isAnother = async (): Promise<boolean> => {
      const next = await this.pidOf(peerId).catch(() => pid); // a gateway that is gone answers nothing
      return next !== pid;
    };
    await this.until(isAnother, `${peerId} to be gone`);
    await this.hurry("telegram");
    await this.until(() => this.pidOf(peerId), `another ${peerId}`);
  }

  /** Cuts the keeper's growing wait short, which many deaths in a minute make long. */
  async hurry(role: string): Promise<void> {
    const client = await connectControl(dataPaths(this.home.data).controlSocket);
    if (!client.ok) return;
    using connection = client.value;
    await connection.call("restart", { role });
  }

  async rows(...words: string[]): Promise<readonly Row[]> {
    return await this.json<readonly Row[]>("audit", "log", "--limit", "100000", ...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== undefined) await this.stop("SIGTERM");
    await this.#server.stop(true);
    this.home[Symbol.dispose]();
  }
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
