/** Discord's world for the tests: the strict Discord in this process, and Ana's direct messages with the bot. */
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld } from "#kit/conformance-world.case.ts";
import type { Mortal } from "#kit/life-fake.ts";
import type { OpenSocket } from "#kit/platform-socket.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { DiscordFake, FAKE_TOKEN, seenOf } from "#test/support/discord-fake/discord-api.ts";
import { discordWith } from "./main.ts";

export const ANA = { id: "400000000000000042", username: "ana", global_name: "Ana" } as const;
export const DM = "500000000000000042";
const SEND = "POST /channels/{channel_id}/messages";
const ROOT = "http://127.0.0.1:9/api/v10";

export interface DiscordWorld extends ConformanceWorld {
  readonly api: DiscordFake;
  /** A whole message of Ana, with more fields. */
  message(more: object): object;
}

/** Builds a world. */
export function discordWorld(clock: ManualClock = manualClock()): DiscordWorld {
  const api = new DiscordFake(clock);
  const message = (more: object): object => ({
    id: api.id(),
    channel_id: DM,
    author: ANA,
    type: 0,
    content: "",
    timestamp: new Date(clock.now()).toISOString(),
    edited_timestamp: null,
    mentions: [],
    attachments: [],
    embeds: [],
    ...more,
  });
  return {
    clock,
    api,
    message,
    handoff: discordHandoff({ "api-base": ROOT }),
    define: (mortal) =>
      discordWith((url, init) => mortal(() => api.fetch(url, fetchInit(init))), mortalSocket(api, mortal)),
    textMax: 2_000,
    chat: DM,
    say: (text) => {
      const event = message({ content: text });
      api.gateway.dispatch("MESSAGE_CREATE", event);
      return event;
    },
    replay: (event) => {
      if (typeof event === "object" && event !== null) api.gateway.dispatch("MESSAGE_CREATE", event);
    },
    press: (custom_id) => {
      const shown = api.sent.find(({ buttons }) => buttons.some(({ value }) => value === custom_id));
      api.gateway.dispatch("INTERACTION_CREATE", {
        id: api.id(),
        token: "interaction-token",
        type: 3,
        channel_id: DM,
        context: 1,
        user: ANA,
        message: { id: shown?.id ?? api.id() },
        data: { component_type: 2, custom_id },
      });
    },
    seen: () => api.sent.map(seenOf),
    trouble: (kind) => {
      const body = JSON.stringify({ message: "You are being rate limited.", retry_after: 3, global: false });
      if (kind === "rate") api.fail(SEND, { kind: "answer", status: 429, body });
      else if (kind === "rate_bare")
        api.fail(SEND, { kind: "answer", status: 429, body: "<html>slow down</html>" });
      else if (kind === "busy")
        api.fail(SEND, { kind: "answer", status: 502, body: "<html>bad gateway</html>" });
      else api.fail(SEND, { kind });
    },
    revoke: () => api.revoke(),
    violations: () => api.violations,
  };
}

/** The hand-off of instance `discord` with the fake's token. */
export function discordHandoff(settings: Readonly<Record<string, string>> = {}, token: string = FAKE_TOKEN) {
  return {
    instance: "discord",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) =>
      name === "token" ? SecretString.take(new TextEncoder().encode(token)) : undefined,
    setting: (name: string) => settings[name],
  };
}

/** A socket of one life: a dead life neither speaks nor hears. */
function mortalSocket(api: DiscordFake, mortal: Mortal): OpenSocket {
  const alive = (act: () => void): void => {
    void mortal(() => Promise.resolve()).then(act);
  };
  return (url, events) => {
    const under = api.gateway.connect(url, {
      open: () => alive(() => events.open()),
      text: (text) => alive(() => events.text(text)),
      closed: (code) => alive(() => events.closed(code)),
    });
    return { send: (text) => alive(() => under.send(text)), close: (code) => alive(() => under.close(code)) };
  };
}

function fetchInit({ method, headers, body }: BunFetchRequestInit): RequestInit {
  return {
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers: new Headers(Object.entries(headers)) }),
    ...(typeof body === "string" ? { body } : {}),
  };
}
