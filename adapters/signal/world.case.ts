/** Signal's world for the tests: the strict daemon in this process, one private chat with Ana. */
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld, SeenMessage } from "#kit/conformance-world.case.ts";
import type { Mortal } from "#kit/life-fake.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import {
  ACCOUNT,
  ACCOUNT_UUID,
  type SentMessage,
  SignalDaemonFake,
} from "#test/support/signal-fake/daemon.ts";
import { signalWith } from "./main.ts";

export const ANA = {
  source: "a0000000-0000-4000-8000-00000000000a",
  sourceNumber: "+4915550142",
  sourceUuid: "a0000000-0000-4000-8000-00000000000a",
  sourceName: "Ana",
  sourceDevice: 1,
} as const;

export interface SignalWorld extends ConformanceWorld {
  readonly daemon: SignalDaemonFake;
  /** Somebody sends a data message; answers the notification. */
  message(data: object, from?: object): Readonly<Record<string, unknown>>;
  /** Ana reacts to a message of the bot. */
  react(emoji: string, target: number, from?: object, data?: object): void;
}

/** Builds a world. `numbered`: as newer signal-cli, whose events can be asked for again. */
export function signalWorld(clock: ManualClock = manualClock(), numbered = true): SignalWorld {
  const daemon = new SignalDaemonFake(clock, numbered);
  const message = (data: object, from: object = ANA): Readonly<Record<string, unknown>> => {
    const timestamp = daemon.timestamp();
    const whole = { timestamp, message: null, expiresInSeconds: 0, viewOnce: false, ...data };
    return daemon.push({ ...from, timestamp, dataMessage: whole });
  };
  const react = (emoji: string, target: number, from: object = ANA, data: object = {}): void => {
    const author = {
      targetAuthor: ACCOUNT_UUID,
      targetAuthorNumber: ACCOUNT,
      targetAuthorUuid: ACCOUNT_UUID,
    };
    message({ reaction: { emoji, ...author, targetSentTimestamp: target, isRemove: false }, ...data }, from);
  };
  return {
    clock,
    daemon,
    message,
    react,
    handoff: signalHandoff(),
    define: (mortal) => signalWith((url, init) => mortal(() => mortalFetch(daemon, mortal, url, init))),
    textMax: 2_000,
    chat: ANA.sourceUuid,
    say: (text) => message({ message: text }),
    replay: (event) => {
      if (typeof event === "object" && event !== null) daemon.notify({ ...event });
    },
    press: (value) => {
      const [answer = "", id = ""] = value.split(":");
      const shown = daemon.sent.findLast(({ text }) => text.includes(id));
      react(answer === "deny" ? "👎" : "👍", shown?.timestamp ?? 0);
    },
    seen: () => daemon.sent.map(seenOf),
    trouble: (kind) => {
      const rate = { code: -5, message: "Failed to send message due to rate limiting" };
      const results = [{ type: "RATE_LIMIT_FAILURE", retryAfterSeconds: 3 }];
      if (kind === "rate") {
        daemon.fail("send", {
          kind: "error",
          error: { ...rate, data: { response: { timestamp: 1, results } } },
        });
      } else if (kind === "rate_bare") daemon.fail("send", { kind: "error", error: { ...rate, data: null } });
      else if (kind === "busy") daemon.fail("send", { kind: "status", status: 503 });
      else daemon.fail("send", { kind });
    },
    revoke: () => {
      daemon.revoked = true;
    },
    violations: () => daemon.violations,
  };
}

/** A message as people see it; the words to type are what a button is elsewhere. */
function seenOf({ text }: SentMessage): SeenMessage {
  const buttons = [...text.matchAll(/^\/(deny|approve) (a-\w+)( remember)?$/gm)].map(
    ([, word = "", id = "", remember = ""]) => ({
      text: word === "deny" ? "Deny" : remember === "" ? "Approve once" : "Approve and remember",
      value: `${word}${remember === "" ? "" : "-remember"}:${id}`,
    }),
  );
  return { text, buttons, pings: [], links: [] }; // Signal has neither in a text: they are ranges beside it
}

/** The daemon's answers, and every piece of a stream, reach a living adapter alone. */
async function mortalFetch(
  daemon: SignalDaemonFake,
  mortal: Mortal,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const answer = await daemon.fetch(url, init);
  const reader = answer.body?.getReader();
  if (reader === undefined) return answer;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await mortal(() => reader.read());
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: answer.status, headers: answer.headers });
}

/** The hand-off of instance `signal` with the fake's account. */
export function signalHandoff(
  settings: Readonly<Record<string, string>> = { "api-base": "http://127.0.0.1:8080" },
  account: string = ACCOUNT,
) {
  return {
    instance: "signal",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) =>
      name === "account" ? SecretString.take(new TextEncoder().encode(account)) : undefined,
    setting: (name: string) => settings[name],
  };
}
