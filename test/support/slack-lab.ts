/**
 * Slack around the compiled executable: the strict Slack over HTTP and WebSocket, and people who write to the
 * bot.
 */
import { join } from "node:path";
import { systemClock } from "#runtime/clock.ts";
import { type Ran, wirken } from "./binary.ts";
import { ChannelLab } from "./channel-lab.ts";
import { APP_TOKEN, BOT_TOKEN, type Someone } from "./slack-fake/payloads.ts";
import { type SentMessage, SlackFake } from "./slack-fake/slack.ts";

/** A person on Slack with their direct conversation. */
export interface Member extends Someone {
  readonly direct: string;
}

export const ANA: Member = { id: "U0ANA", name: "Ana", direct: "D0ANA" };
export const BEN: Member = { id: "U0BEN", name: "Ben", direct: "D0BEN" };

/** One world: a home, a Slack, and `wirken run` while it runs. Disposing ends all. */
export class SlackLab extends ChannelLab {
  readonly slack: SlackFake;

  constructor(env: Record<string, string> = {}) {
    const slack = new SlackFake(systemClock);
    const server = slack.serve();
    super("slack", server, env);
    this.slack = slack;
    slack.names.set(ANA.id, "Ana");
    slack.names.set(BEN.id, "Ben");
  }

  /** Adds the channel as an operator does: one token on standard input, the other in a file. */
  async addChannel(botToken: string = BOT_TOKEN): Promise<Ran> {
    const file = join(this.home.folder, "app-token.txt");
    await Bun.write(file, APP_TOKEN);
    const tokens = ["--token-stdin", "--app-token-file", file];
    const words = ["channel", "add", "slack", ...tokens, "--api-base", this.slack.base];
    return await wirken(this.home, words, { stdin: botToken });
  }

  /**
   * Adds the channel, pairs Ana by the code it prints, and waits for the answer. Answers what was printed.
   */
  async pairAna(): Promise<string> {
    const added = await this.addChannel();
    const code = /\/wirken pair ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    await this.until(() => this.slack.hub.connections > 0, "the socket");
    this.slack.slash(ANA, ANA.direct, `pair ${code}`);
    await this.heard(/^Paired\./);
    return added.stdout;
  }

  /** Somebody writes to the bot in private. */
  say(from: Member, text: string, more: Record<string, unknown> = {}): void {
    this.slack.say(from, from.direct, text, more);
  }

  /** Waits for a message of the bot after the first `from` that matches. */
  async heard(pattern: RegExp, from = 0): Promise<SentMessage> {
    return await this.until(
      () => this.slack.sent.slice(from).find(({ text }) => pattern.test(text)),
      () => {
        const texts = this.slack.sent.map(({ text }) => text.slice(0, 200));
        return `${String(pattern)}, heard ${JSON.stringify(texts)}, ${JSON.stringify(this.slack.violations)}`;
      },
    );
  }
}
