/** The executable against a Bot API server that we did not write (telegram-test-api): pair, ask, approve by button. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { createRequire } from "node:module";
import { freePort, wirken } from "../support/binary.ts";
import { FAKE_TOKEN } from "../support/telegram-fake/bot-api.ts";
import { TelegramLab } from "../support/telegram-lab.ts";

setDefaultTimeout(60_000);

// Its types lean on packages that are not installed; a plain require gives the class.
const TelegramServer = createRequire(import.meta.url)("telegram-test-api");

interface Sent {
  readonly messageId: number;
  readonly message: { readonly text: string; readonly reply_markup?: unknown };
}

test("pairing, a message and its answer, an approval by button", async () => {
  await using lab = new TelegramLab();
  const port = freePort();
  const server = new TelegramServer({ port, host: "127.0.0.1" });
  await server.start();
  try {
    await lab.run();
    const words = ["channel", "add", "telegram", "--token-stdin", "--api-base", `http://127.0.0.1:${port}`];
    const added = await wirken(lab.home, words, { stdin: FAKE_TOKEN });
    expect(added.stdout).toContain("connected");
    const client = server.getClient(FAKE_TOKEN);
    const heard = async (pattern: RegExp): Promise<Sent> =>
      await lab.until(async () => {
        const history: readonly Sent[] = await client.getUpdatesHistory();
        return history.find(({ message }) => pattern.test(message?.text ?? ""));
      }, String(pattern));

    const { code } = await lab.json<{ code: string }>("channel", "pair", "telegram", "--up-to", "3");
    await client.sendCommand(client.makeCommand(`/start ${code}`));
    await heard(/^Paired/);
    await client.sendMessage(client.makeMessage("hello"));
    await heard(/rehearsal script/);
    await client.sendMessage(client.makeMessage("run: echo third-party"));
    const prompt = await heard(/echo third-party[\s\S]*Open for/);
    const value = /approve:a-[a-z0-9]+/.exec(JSON.stringify(prompt.message.reply_markup))?.[0] ?? "";
    const pressed = { message: { message_id: prompt.messageId, date: 1 } };
    await client.sendCallback(client.makeCallbackQuery(value, pressed));
    await heard(/exec gave back[\s\S]*third-party/);
  } finally {
    await server.stop();
  }
});
