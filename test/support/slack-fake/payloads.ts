/**
 * What Slack sends over a socket: events, presses of buttons and slash commands, in the shapes of
 * `@slack/types`.
 */
export const BOT_TOKEN = "xoxb-fake-bot-token-of-the-strict-slack";
export const APP_TOKEN = "xapp-1-A0FAKE-fake-app-token-of-the-strict-slack";
export const TEAM = "T0TEAM";
export const BOT = { id: "U0BOT", bot_id: "B0BOT", name: "wirken" } as const;

export interface Someone {
  readonly id: string;
  readonly name: string;
  readonly team?: string;
}

/** A message whose button is pressed. */
export interface PressedMessage {
  readonly ts: string;
  readonly channel: string;
  readonly thread: string;
}

const APP = { token: "verification", api_app_id: "A0FAKE" } as const;

/** An event in its wrapping; `ts` makes its id. */
export function eventPayload(event: object, ts: string): object {
  const bot = {
    enterprise_id: null,
    team_id: TEAM,
    user_id: BOT.id,
    is_bot: true,
    is_enterprise_install: false,
  };
  return {
    ...APP,
    team_id: TEAM,
    type: "event_callback",
    event_id: `Ev${ts}`,
    event_time: Math.floor(Number(ts)),
    authorizations: [bot],
    is_ext_shared_channel: false,
    event,
  };
}

/** A press of a button under a message of the bot. */
export function buttonPayload(from: Someone, message: PressedMessage, value: string, ts: string): object {
  const team_id = from.team ?? TEAM;
  const text = { type: "plain_text", text: "x", emoji: false };
  return {
    ...APP,
    type: "block_actions",
    user: { id: from.id, username: from.name, name: from.name, team_id },
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: false,
      ...(message.thread === "" ? {} : { thread_ts: message.thread }),
    },
    trigger_id: `${ts}.x`,
    team: { id: TEAM, domain: "fake" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: message.channel, name: "directmessage" },
    actions: [{ type: "button", action_id: "answer-1", block_id: "b", value, action_ts: ts, text }],
  };
}

/** `/wirken` with its words. */
export function slashPayload(from: Someone, channel: string, text: string, ts: string): object {
  return {
    ...APP,
    team_id: from.team ?? TEAM,
    team_domain: "fake",
    channel_id: channel,
    channel_name: "directmessage",
    user_id: from.id,
    user_name: from.name,
    command: "/wirken",
    text,
    is_enterprise_install: "false",
    response_url: "https://hooks.slack.com/commands/x",
    trigger_id: `${ts}.0abc`,
  };
}

/** Text as Slack stores what a person typed. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
