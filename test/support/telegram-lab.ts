/** Telegram around the compiled executable: the strict Bot API over HTTP, and people who write to the bot. */
import { systemClock } from "#runtime/clock.ts";
import { type Ran, wirken } from "./binary.ts";
import { ChannelLab } from "./channel-lab.ts";
import { BOT, BotApiFake, FAKE_TOKEN, type SentMessage } from "./telegram-fake/bot-api.ts";

export type { Row } from "./channel-lab.ts";

/** A person on Telegram with their private chat. */
export interface Someone {
  readonly id: number;
  readonly is_bot: false;
  readonly first_name: string;
}

export const ANA: Someone = { id: 42, is_bot: false, first_name: "Ana" };
export const BEN: Someone = { id: 77, is_bot: false, first_name: "Ben" };

/** One world: a home, a Bot API, and `wirken run` while it runs. Disposing ends all. */
export class TelegramLab extends ChannelLab {
  readonly api: BotApiFake;
  readonly base: string;
  #callbacks = 0;

  constructor(env: Record<string, string> = {}) {
    const api = new BotApiFake(systemClock);
    const server = api.serve();
    super("telegram", server, env);
    this.api = api;
    this.base = new URL(server.url).origin;
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
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
