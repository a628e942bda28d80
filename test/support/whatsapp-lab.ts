/** WhatsApp around the compiled executable: the strict Cloud API over HTTP, its webhooks, and people who write. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#runtime/clock.ts";
import { type Ran, freePort, wirken } from "./binary.ts";
import { ChannelLab } from "./channel-lab.ts";
import {
  APP_SECRET,
  CloudApiFake,
  FAKE_TOKEN,
  PHONE_NUMBER_ID,
  type SentMessage,
  payloadOf,
} from "./whatsapp-fake/cloud-api.ts";

export const ANA = "16505551234";
export const BEN = "16505559876";

/** One world around a Cloud API; webhooks go to the port that the channel was given. */
export class WhatsAppLab extends ChannelLab {
  readonly api: CloudApiFake;
  readonly port: number;
  readonly #base: string;

  constructor(api = new CloudApiFake(systemClock)) {
    const server = api.serve();
    super("whatsapp", server);
    this.api = api;
    this.#base = new URL(server.url).origin;
    this.port = freePort();
    api.receiver = async (request) =>
      await fetch(`http://127.0.0.1:${this.port}/whatsapp`, {
        method: "POST",
        headers: request.headers,
        body: await request.arrayBuffer(),
      });
  }

  /** Adds the channel as an operator does: the token on standard input, the rest in files. */
  async addChannel(secret = APP_SECRET): Promise<Ran> {
    const file = (name: string, text: string): string => {
      const path = join(this.home.folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const id = file("id", PHONE_NUMBER_ID);
    const words = ["channel", "add", "whatsapp", "--api-base", this.#base, "--port", String(this.port)];
    words.push("--token-stdin", "--app-secret-file", file("secret", secret), "--phone-number-id-file", id);
    return await wirken(this.home, words, { stdin: FAKE_TOKEN });
  }

  /** Adds the channel, pairs Ana by the code it prints, and waits for the answer. */
  async pairAna(): Promise<void> {
    const added = await this.addChannel();
    const code = /\/pair ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    this.say(ANA, `/pair ${code}`);
    await this.heard(/^Paired\./);
  }

  /** Somebody writes. */
  say(from: string, text: string, more: object = {}): void {
    this.push(from, { type: "text", text: { body: text }, ...more });
  }

  /** Somebody presses a button under a message. */
  press(from: string, message: SentMessage, id: string): void {
    const interactive = { type: "button_reply", button_reply: { id, title: "x" } };
    this.push(from, { type: "interactive", interactive, context: { from: "15550783881", id: message.id } });
  }

  push(from: string, more: object): void {
    const message = {
      from,
      id: this.api.messageId(),
      timestamp: String(Math.floor(Date.now() / 1_000)),
      ...more,
    };
    const contacts = [{ profile: { name: from === ANA ? "Ana" : "Ben" }, wa_id: from }];
    this.api.push(from, payloadOf({ contacts, messages: [message] }));
  }

  /** Waits for a message of ours after the first `from` that matches. */
  async heard(pattern: RegExp, from = 0): Promise<SentMessage> {
    return await this.until(
      () => this.api.sent.slice(from).find(({ text }) => pattern.test(text)),
      () =>
        `${String(pattern)}, heard ${JSON.stringify(this.api.sent.map(({ text }) => text.slice(0, 200)))}`,
    );
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.api.end();
    await super[Symbol.asyncDispose]();
  }
}
