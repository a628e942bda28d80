/** Google Chat as the conformance suite sees it: one adapter and the strict Chat API in one process. */
import { ok } from "#contracts/result.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld } from "#kit/conformance-world.case.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { ChatApiFake, type GoogleKeys, PROJECT_NUMBER } from "#test/support/googlechat-fake/chat-api.ts";
import { googlechatWith } from "./main.ts";

export const SPACE = "spaces/DirectAna";
export const ANA = { name: "users/1001", displayName: "Ana", type: "HUMAN" } as const;

export interface ChatWorld extends ConformanceWorld {
  readonly api: ChatApiFake;
  /** An event of Ana's direct chat, with more fields. */
  event(more: object, message: object): object;
}

/** Builds a world. */
export function chatWorld(keys: GoogleKeys, clock: ManualClock = manualClock()): ChatWorld {
  const api = new ChatApiFake(clock, keys);
  api.insists = true;
  const event = (more: object, message: object): object => ({
    type: "MESSAGE",
    eventTime: new Date(clock.now()).toISOString(),
    space: { name: SPACE, type: "DM", spaceType: "DIRECT_MESSAGE" },
    user: ANA,
    message: {
      name: api.messageName(SPACE),
      sender: ANA,
      thread: { name: `${SPACE}/threads/T1` },
      ...message,
    },
    ...more,
  });
  const push = (one: object): object => {
    api.push(SPACE, one);
    return one;
  };
  return {
    clock,
    api,
    event,
    handoff: chatHandoff(keys),
    define: (mortal) =>
      googlechatWith({
        fetch: (url, init) => mortal(() => api.fetch(url, init)),
        listen: (port, answer) => {
          api.receiver = (request) => mortal(async () => await answer(request));
          return ok({ port, close: () => Promise.resolve() });
        },
      }),
    textMax: 4_096,
    chat: SPACE,
    say: (text) => push(event({}, { text, argumentText: text })),
    replay: (one) => {
      if (typeof one === "object" && one !== null) api.push(SPACE, one);
    },
    press: (value) => {
      const action = { actionMethodName: "answer", parameters: [{ key: "value", value }] };
      push(event({ type: "CARD_CLICKED", action }, {}));
    },
    // `<address|words>` hides an address; `<users/…>` calls somebody up (developers.google.com/workspace/chat/format-messages).
    seen: () =>
      api.sent.map(({ text, buttons }) => ({
        text,
        buttons,
        links: text.match(/<[a-z][a-z0-9+.-]*:[^>]*\|/gi) ?? [],
        pings: text.match(/<users\/[^>]*>/g) ?? [],
      })),
    trouble: (kind) => {
      if (kind === "rate") api.fail({ kind: "answer", status: 429, retryAfter: "3" });
      else if (kind === "rate_bare") api.fail({ kind: "answer", status: 429 });
      else if (kind === "busy") api.fail({ kind: "answer", status: 503 });
      else api.fail({ kind });
    },
    revoke: () => {
      api.revoked = true;
    },
    violations: () => api.violations,
  };
}

/** The hand-off of instance `googlechat` with the fake's credentials. */
export function chatHandoff(keys: GoogleKeys, secrets: Readonly<Record<string, string>> = {}) {
  const held: Readonly<Record<string, string>> = {
    "service-account": keys.file,
    "project-number": PROJECT_NUMBER,
    ...secrets,
  };
  return {
    instance: "googlechat",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) => {
      const text = held[name];
      return text === undefined ? undefined : SecretString.take(new TextEncoder().encode(text));
    },
    setting: (name: string) => (name === "port" ? "18794" : undefined),
  };
}
