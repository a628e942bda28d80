/** Slack's world for the tests: the strict Slack in this process, one direct conversation with Ana. */
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld } from "#kit/conformance-world.case.ts";
import type { Mortal } from "#kit/life-fake.ts";
import type { OpenSocket } from "#kit/platform-socket.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { APP_TOKEN, BOT_TOKEN, type Someone } from "#test/support/slack-fake/payloads.ts";
import { SlackFake } from "#test/support/slack-fake/slack.ts";
import { slackWith } from "./main.ts";

export const ANA: Someone = { id: "U0ANA", name: "ana" };
export const BEN: Someone = { id: "U0BEN", name: "ben" };
export const DIRECT = "D0ANA";

export interface SlackWorld extends ConformanceWorld {
  readonly slack: SlackFake;
}

/** Builds a world. */
export function slackWorld(clock: ManualClock = manualClock(1_800_000_000_000)): SlackWorld {
  const slack = new SlackFake(clock);
  return {
    clock,
    slack,
    handoff: slackHandoff(),
    define: (mortal) => {
      slack.hub.forgetAll(); // the sockets of a dead process are gone
      return slackWith(
        (url, init) => mortal(() => slack.fetch(url, init)),
        () => mortalSocket(slack.openSocket, mortal),
      );
    },
    textMax: 4_000,
    chat: DIRECT,
    say: (text) => slack.say(ANA, DIRECT, text),
    replay: (event) => {
      if (typeof event === "object" && event !== null) slack.event({ ...event });
    },
    press: (value) => {
      const shown = slack.sent.findLast(({ buttons }) => buttons.length > 0);
      if (shown !== undefined) slack.press(ANA, shown, value);
    },
    seen: () => slack.sent,
    trouble: (kind) => {
      const answer = (status: number, error: string, headers: Record<string, string> = {}) =>
        ({ kind: "answer", status, body: JSON.stringify({ ok: false, error }), headers }) as const;
      const method = "chat.postMessage";
      if (kind === "rate") slack.fail(method, answer(429, "ratelimited", { "retry-after": "3" }));
      else if (kind === "rate_bare") slack.fail(method, answer(429, "ratelimited"));
      else if (kind === "busy") slack.fail(method, answer(503, "service_unavailable"));
      else slack.fail(method, { kind });
    },
    revoke: () => {
      slack.botRevoked = true;
    },
    violations: () => slack.violations,
  };
}

/** A socket that a dead life neither hears nor speaks through. */
function mortalSocket(open: OpenSocket, mortal: Mortal): OpenSocket {
  return (url, events) => {
    const alive = (then: () => void): void => void mortal(() => Promise.resolve()).then(then);
    const socket = open(url, {
      open: () => alive(() => events.open()),
      text: (text) => alive(() => events.text(text)),
      beat: () => alive(() => events.beat?.()),
      closed: (code) => alive(() => events.closed(code)),
    });
    return {
      send: (text) => alive(() => socket.send(text)),
      close: (code) => alive(() => socket.close(code)),
    };
  };
}

/** The hand-off of instance `slack` with the fake's tokens. */
export function slackHandoff(settings: Readonly<Record<string, string>> = {}) {
  const secrets: Readonly<Record<string, string>> = { token: BOT_TOKEN, "app-token": APP_TOKEN };
  return {
    instance: "slack",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) => {
      const text = secrets[name];
      return text === undefined ? undefined : SecretString.take(new TextEncoder().encode(text));
    },
    setting: (name: string) => settings[name],
  };
}
