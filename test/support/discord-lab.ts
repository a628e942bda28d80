/** Discord around the compiled executable: the strict Discord over HTTP and WebSocket, and people who write to it. */
import { systemClock } from "#runtime/clock.ts";
import { type Ran, wirken } from "./binary.ts";
import { ChannelLab } from "./channel-lab.ts";
import { DiscordFake, FAKE_TOKEN, type SentMessage } from "./discord-fake/discord-api.ts";
import { shownOf } from "./discord-fake/shown.ts";

/** A person on Discord with their direct messages. */
export interface Someone {
  readonly id: string;
  readonly username: string;
  readonly dm: string;
}

export const ANA: Someone = { id: "400000000000000042", username: "ana", dm: "500000000000000042" };
export const BEN: Someone = { id: "400000000000000077", username: "ben", dm: "500000000000000077" };
export const SERVER = { guild: "600000000000000001", channel: "700000000000000001" } as const;

/** One world: a home, a Discord, and `wirken run` while it runs. Disposing ends all. */
export class DiscordLab extends ChannelLab {
  readonly api: DiscordFake;
  readonly base: string;

  constructor() {
    const api = new DiscordFake(systemClock);
    const server = api.serve();
    super("discord", server);
    this.api = api;
    this.base = `${new URL(server.url).origin}/api/v10`;
  }

  /** Adds the channel as an operator does, with the token on standard input. */
  async addChannel(token: string = FAKE_TOKEN): Promise<Ran> {
    const words = ["channel", "add", "discord", "--token-stdin", "--api-base", this.base];
    return await wirken(this.home, words, { stdin: token });
  }

  /** Adds the channel, pairs Ana by the code it prints, and waits for the answer. */
  async pairAna(): Promise<string> {
    const added = await this.addChannel();
    const code = /\/wirken pair ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    await this.until(() => this.api.gateway.isConnected, "the adapter at the gateway");
    this.say(ANA, `/wirken pair ${code}`);
    await this.heard(/^Paired\./);
    return added.stdout;
  }

  /** Somebody writes to the bot, in private unless `more` says otherwise. Answers the message's id. */
  say(from: Someone, content: string, more: object = {}): string {
    const id = this.api.id();
    const { dm, ...author } = from;
    const common = { id, type: 0, channel_id: dm, author, content, mentions: [], edited_timestamp: null };
    this.api.gateway.dispatch("MESSAGE_CREATE", { ...common, attachments: [], embeds: [], ...more });
    return id;
  }

  /** Somebody presses a button under a message of the bot. */
  press(from: Someone, message: SentMessage, custom_id: string): string {
    const id = this.api.id();
    const { dm, ...user } = from;
    this.api.gateway.dispatch("INTERACTION_CREATE", {
      id,
      token: "interaction-token",
      type: 3,
      context: 1,
      channel_id: dm,
      user,
      message: { id: message.id },
      data: { component_type: 2, custom_id },
    });
    return id;
  }

  /** Waits for a message of the bot after the first `from` whose shown text matches. */
  async heard(pattern: RegExp, from = 0): Promise<SentMessage> {
    return await this.until(
      () => this.api.sent.slice(from).find(({ content }) => pattern.test(shownOf(content).text)),
      () =>
        `${String(pattern)}, heard ${JSON.stringify(this.api.sent.map(({ content }) => content.slice(0, 200)))}`,
    );
  }
}
