/** Matrix around the compiled executable: the strict homeserver over HTTP, and people who write to the bot. */
import { join } from "node:path";
import { systemClock } from "#runtime/clock.ts";
import { type Ran, wirken } from "./binary.ts";
import { ChannelLab } from "./channel-lab.ts";
import { FAKE_TOKEN, HomeserverFake, type SentMessage } from "./matrix-fake/homeserver.ts";
import { shownOf } from "./matrix-fake/shown.ts";

export const ANA = "@ana:lab.test";
export const BEN = "@ben:lab.test";
export const DIRECT = "!direct:lab.test";
export const TEAM = "!team:lab.test";

/** One world: a home, a homeserver, and `wirken run` while it runs. Disposing ends all. */
export class MatrixLab extends ChannelLab {
  readonly server: HomeserverFake;
  readonly base: string;

  constructor() {
    const server = new HomeserverFake(systemClock);
    const listening = server.serve();
    super("matrix", listening);
    this.server = server;
    this.base = new URL(listening.url).origin;
  }

  /** Adds the channel as an operator does: the token on standard input, the owner's id in a file. */
  async addChannel(token: string = FAKE_TOKEN, owner: string = ANA): Promise<Ran> {
    const file = join(this.home.folder, "owner.txt");
    await Bun.write(file, owner);
    const words = [
      "channel",
      "add",
      "matrix",
      "--token-stdin",
      "--owner-file",
      file,
      "--api-base",
      this.base,
    ];
    return await wirken(this.home, words, { stdin: token });
  }

  /** Adds the channel, lets Ana invite the bot, pairs her by the code it prints. Answers what was printed. */
  async pairAna(): Promise<string> {
    const added = await this.addChannel();
    const code = /!pair ([A-Z0-9]{8})/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(`no code in\n${added.stdout}${added.stderr}`);
    this.server.stream.invite(DIRECT, ANA);
    await this.until(() => this.server.stream.rooms.get(DIRECT)?.members.size === 2, "the bot in the room");
    this.say(ANA, `!pair ${code}`);
    await this.heard(/^Paired\./);
    return added.stdout;
  }

  /** Somebody writes; answers the event's id. */
  say(sender: string, body: string, room: string = DIRECT, more: object = {}): string {
    const content = { msgtype: "m.text", body, ...more };
    return this.server.stream.write(room, { type: "m.room.message", sender, content });
  }

  /** Somebody reacts to a message of the bot. */
  react(sender: string, key: string, message: SentMessage): void {
    const relation = { rel_type: "m.annotation", event_id: message.id, key };
    const content = { "m.relates_to": relation };
    this.server.stream.write(message.room, { type: "m.reaction", sender, content });
  }

  /** Waits for a message of the bot after the first `from` whose shown text matches. */
  async heard(pattern: RegExp, from = 0): Promise<SentMessage> {
    const heard = (): string =>
      this.server.sent.map(({ content }) => shownOf(content).text.slice(0, 200)).join(" | ");
    return await this.until(
      () => this.server.sent.slice(from).find(({ content }) => pattern.test(shownOf(content).text)),
      () => `${String(pattern)}, heard ${heard()}`,
    );
  }
}
