/** Telegram's world for the tests: the strict Bot API in this process, one private chat with Ana. */
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld } from "#kit/conformance-world.case.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { BOT, BotApiFake, FAKE_TOKEN } from "#test/support/telegram-fake/bot-api.ts";
import { telegramWith } from "./main.ts";

export const ANA = { id: 42, is_bot: false, first_name: "Ana" } as const;
export const PRIVATE = { id: 42, type: "private", first_name: "Ana" } as const;

export interface TelegramWorld extends ConformanceWorld {
  readonly api: BotApiFake;
  /** A whole message of Ana, with more fields. */
  message(more: object): object;
}

/** Builds a world. */
export function telegramWorld(clock: ManualClock = manualClock()): TelegramWorld {
  const api = new BotApiFake(clock);
  const message = (more: object): object => ({
    message_id: api.messageId(),
    date: Math.floor(clock.now() / 1_000),
    from: ANA,
    chat: PRIVATE,
    ...more,
  });
  let callbacks = 0;
  return {
    clock,
    api,
    message,
    handoff: telegramHandoff(),
    define: (mortal) => telegramWith((url, init) => mortal(() => api.fetch(url, init))),
    textMax: 4_096,
    chat: "42",
    say: (text) => {
      const update = { message: message({ text }) };
      api.push(update);
      return update;
    },
    replay: (event) => {
      if (typeof event === "object" && event !== null) api.push({ ...event });
    },
    press: (data) => {
      const shown = { ...message({}), from: BOT };
      api.push({
        callback_query: { id: `q${++callbacks}`, from: ANA, message: shown, data, chat_instance: "1" },
      });
    },
    seen: () => api.sent,
    trouble: (kind) => {
      const json = (status: number, body: object) =>
        ({
          kind: "answer",
          status,
          body: JSON.stringify({ ok: false, error_code: status, description: "x", ...body }),
        }) as const;
      if (kind === "rate") api.fail("sendMessage", json(429, { parameters: { retry_after: 3 } }));
      else if (kind === "rate_bare") api.fail("sendMessage", json(429, {}));
      else if (kind === "busy") api.fail("sendMessage", json(500, {}));
      else api.fail("sendMessage", { kind });
    },
    revoke: () => {
      api.revoked = true;
    },
    violations: () => api.violations,
  };
}

/** The hand-off of instance `telegram` with the fake's token. */
export function telegramHandoff(settings: Readonly<Record<string, string>> = {}, token = FAKE_TOKEN) {
  return {
    instance: "telegram",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) =>
      name === "token" ? SecretString.take(new TextEncoder().encode(token)) : undefined,
    setting: (name: string) => settings[name],
  };
}
