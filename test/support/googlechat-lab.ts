/** Google Chat around the compiled executable: the strict Chat API over HTTP, its events, and people who write. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#runtime/clock.ts";
import { type Ran, freePort, wirken } from "./binary.ts";
import { ChannelLab } from "./channel-lab.ts";
import { ChatApiFake, PROJECT_NUMBER, type SentMessage, googleKeys } from "./googlechat-fake/chat-api.ts";

export interface Someone {
  readonly name: string;
  readonly displayName: string;
  readonly type: string;
}

export const ANA: Someone = { name: "users/1001", displayName: "Ana", type: "HUMAN" };
export const BEN: Someone = { name: "users/1002", displayName: "Ben", type: "HUMAN" };

/** One world around a Chat API; events go to the port that the channel was given. */
export class GoogleChatLab extends ChannelLab {
  readonly api: ChatApiFake;
  readonly keyFile: string;
  readonly port: number;
  readonly #base: string;

  constructor(keys = googleKeys(), api = new ChatApiFake(systemClock, keys)) {
    const server = api.serve();
    super("googlechat", server);
    this.api = api;
    this.keyFile = keys.file;
    this.#base = new URL(server.url).origin;
    this.port = freePort();
    api.receiver = async (request) =>
      await fetch(`http://127.0.0.1:${this.port}/googlechat`, {
        method: "POST",
        headers: request.headers,
        body: await request.arrayBuffer(),
      });
  }

  /** Adds the channel as an operator does: the key's file, and the number on standard input. */
  async addChannel(file = this.keyFile): Promise<Ran> {
    const path = join(this.home.folder, "key.json");
    writeFileSync(path, file, { mode: 0o600 });
    const words = ["channel", "add", "googlechat", "--api-base", this.#base, "--port", String(this.port)];
    words.push("--service-account-file", path, "--project-number-stdin");
    return await wirken(this.home, words, { stdin: PROJECT_NUMBER });
  }

  /** Adds the channel, pairs Ana by the code it prints, and waits for the answer. */
  async pairAna(): Promise<void> {
    const added = await this.addChannel();
    const code = /\/pair ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    this.api.insists = true; // until the adapter is up
    this.say(ANA, `/pair ${code}`);
    await this.heard(/^Paired\./);
  }

  /** Somebody writes in their direct chat, or in another space. */
  say(from: Someone, text: string, more: object = {}, space = directOf(from)): void {
    const { name } = space;
    const message = { name: this.api.messageName(name), sender: from, text, argumentText: text, ...more };
    this.push(from, "MESSAGE", { message }, space);
  }

  /** Somebody presses a button under a message. */
  press(from: Someone, message: SentMessage, value: string): void {
    const action = { actionMethodName: "answer", parameters: [{ key: "value", value }] };
    const space = { ...directOf(from), name: message.space };
    this.push(from, "CARD_CLICKED", { action, message: { name: message.name } }, space);
  }

  push(from: Someone, type: string, more: object, space: { readonly name: string }): void {
    const eventTime = new Date(systemClock.now()).toISOString();
    this.api.push(space.name, { type, eventTime, user: from, space, ...more });
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
    this.api.insists = false;
    await super[Symbol.asyncDispose]();
  }
}

/** A person's direct chat with the app. */
export function directOf(person: Someone): { readonly name: string; readonly spaceType: string } {
  return { name: `spaces/D${person.name.slice("users/".length)}`, spaceType: "DIRECT_MESSAGE" };
}
