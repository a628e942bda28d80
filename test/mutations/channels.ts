/** D1, D2, E1 of the channels: whose a message is on its platform, and what a stranger at a webhook can do. */
import type { Defence } from "./defence.ts";

const telegram = {
  attack: "D2",
  file: "adapters/telegram/inbound.ts",
  tests: ["adapters/telegram/telegram.test.ts"],
} as const;
const discord = {
  attack: "D2",
  file: "adapters/discord/inbound.ts",
  tests: ["adapters/discord/discord.test.ts"],
} as const;
const signal = {
  attack: "D2",
  file: "adapters/signal/inbound.ts",
  tests: ["adapters/signal/signal.test.ts"],
} as const;
const whatsapp = {
  attack: "D2",
  file: "adapters/whatsapp/inbound.ts",
  tests: ["adapters/whatsapp/inbound.test.ts"],
} as const;
const slack = {
  attack: "D2",
  file: "adapters/slack/inbound.ts",
  tests: ["adapters/slack/inbound.test.ts"],
} as const;
const webhook = {
  attack: "D1",
  file: "adapters/kit/webhook-keys.ts",
  tests: ["adapters/kit/webhook.test.ts"],
} as const;

export const CHANNELS: readonly Defence[] = [
  {
    ...telegram,
    keeps: "a bot is no person",
    text: "if (from === undefined || from.is_bot || chat.type",
    without: "if (from === undefined || chat.type",
  },
  {
    ...telegram,
    keeps: "what is written in the name of a chat is nobody's",
    text: "if (message.sender_chat !== undefined) return undefined;",
    without: "",
  },
  {
    ...telegram,
    keeps: "forwarded and edited text is no command",
    text: 'const command = foreign || edit !== "" ? undefined : ',
    without: "const command = ",
  },
  {
    ...telegram,
    keeps: "another bot's command is not ours",
    text: "&& !isMe(command.addressee, me)) return undefined;",
    without: "&& me.id < 0) return undefined;",
  },
  {
    ...telegram,
    keeps: "a sender is the platform's id, not a name that they chose",
    text: "senderId: String(from.id),\n    displayName: nameOf(from),\n    conversation: String(chat.id),",
    without: "senderId: nameOf(from),\n    displayName: nameOf(from),\n    conversation: String(chat.id),",
  },
  {
    attack: "E1",
    keeps: "forwarded text is not the sender's own",
    file: "adapters/telegram/inbound.ts",
    text: 'kind: foreign ? "forwarded" : "text"',
    without: 'kind: foreign ? "text" : "text"',
    tests: ["adapters/telegram/telegram.test.ts"],
  },
  {
    ...webhook,
    keeps: "a webhook's body is signed, to the byte",
    text: "return timingSafeEqual(due, Uint8Array.fromHex(hex));",
    without: "return due.length === Uint8Array.fromHex(hex).length;",
  },
  {
    ...webhook,
    keeps: "a webhook's word is the whole word",
    text: "return timingSafeEqual(hashOf(expected), hashOf(given));",
    without: "return expected.startsWith(given);",
  },
  {
    ...whatsapp,
    keeps: "a delivery is to our own number",
    text: '"phone_number_id") === phoneNumberId);',
    without: '"phone_number_id") !== "");',
  },
  {
    ...whatsapp,
    attack: "D1",
    keeps: "a delivery that somebody kept is too old",
    text: "!MESSAGE_ID.test(id) || !isFresh) return undefined;",
    without: "!MESSAGE_ID.test(id)) return undefined;",
  },
  {
    ...whatsapp,
    keeps: "nobody is heard in a group where nobody was paired",
    text: 'if (textIn(message, "group_id") !== "") return undefined;',
    without: "",
  },
  {
    ...whatsapp,
    keeps: "only typed text is a command",
    text: 'const command = isForeign || type !== "text" ? undefined : ',
    without: "const command = ",
  },
  {
    ...discord,
    keeps: "a bot, the system and a webhook are no persons",
    text: 'if (flagIn(author, "bot") || flagIn(author, "system") || textIn(data, "webhook_id") !== "")\n    return undefined;',
    without: "",
  },
  {
    ...discord,
    keeps: "forwarded and edited text is no command",
    text: 'const command = foreign || edited !== "" ? undefined : ',
    without: "const command = ",
  },
  {
    ...discord,
    keeps: "a message that nobody wrote is not one",
    text: "if (type !== DEFAULT_MESSAGE && type !== REPLY_MESSAGE) return undefined;",
    without: "",
  },
  {
    ...discord,
    keeps: "an interaction's token is no path",
    text: "|| !/^[\\w.~=-]{1,512}$/.test(token)) return undefined;",
    without: ") return undefined;",
  },
  {
    ...discord,
    attack: "E1",
    keeps: "what was forwarded is marked",
    text: 'parts.push({ kind: "forwarded", text });',
    without: 'parts.push({ kind: "text", text });',
  },
  {
    ...signal,
    keeps: "who hides their account's id is not heard",
    text: 'if (envelope.account !== me.number || sourceUuid === "") return undefined;',
    without: "",
  },
  {
    ...signal,
    keeps: "a group's id is never a person's",
    text: 'if (message.groupId !== "" && !isGroupId(message.groupId)) return undefined;',
    without: "",
  },
  {
    ...signal,
    keeps: "what our own devices say drives nothing",
    text: "if (isMe({ uuid: sourceUuid, number: sourceNumber }, me)) return undefined;",
    without: "",
  },
  {
    ...signal,
    keeps: "a reaction counts under our own messages",
    text: "if (!isMe(reaction, me) || reaction.isRemove || ",
    without: "if (reaction.isRemove || ",
  },
  {
    ...signal,
    keeps: "an edit is no command",
    text: "const command = isEdit ? undefined : readCommand(text);",
    without: "const command = readCommand(text);",
  },
  {
    ...signal,
    attack: "E1",
    keeps: "a mentioned person's name does not stand in typed text",
    text: 'const word = isOurs ? "@you" : `@person${persons.length}`;',
    without: 'const word = isOurs ? "@you" : mention.name;',
  },
  {
    ...slack,
    keeps: "a press counts in our own workspace",
    text: 'if (!isAtHome(textMember(team, "id"), textMember(enterprise, "id"), me)) return undefined;',
    without: "",
    tests: ["adapters/slack/home.test.ts"],
  },
  {
    ...slack,
    keeps: "a command counts in our own workspace",
    text: 'if (!isAtHome(textMember(payload, "team_id"), textMember(payload, "enterprise_id"), me)) return undefined;',
    without: "",
  },
];
