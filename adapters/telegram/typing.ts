/** The typing sign: Telegram shows it for five seconds. */
import type { AdapterHost } from "#kit/adapter.ts";
import { type Typing, typingSigns } from "#kit/typing.ts";
import type { TelegramApi } from "./api.ts";

const REPEAT_MS = 4_500;

/** Builds the signs of all chats. */
export function typing(api: TelegramApi, clock: AdapterHost["clock"]): Typing {
  return typingSigns(clock, REPEAT_MS, ({ conversation, thread }) => {
    if (!/^-?\d{1,16}$/.test(conversation)) return;
    const inThread = /^\d{1,16}$/.test(thread) ? { message_thread_id: Number(thread) } : {};
    void api.attempt((raw) =>
      raw.sendChatAction({ chat_id: Number(conversation), action: "typing", ...inThread }),
    );
  });
}
