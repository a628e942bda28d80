/** WhatsApp as the conformance suite sees it: one adapter and the strict Cloud API in one process. */
import { ok } from "#contracts/result.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld } from "#kit/conformance-world.case.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import {
  APP_SECRET,
  CloudApiFake,
  FAKE_TOKEN,
  PHONE_NUMBER_ID,
  payloadOf,
} from "#test/support/whatsapp-fake/cloud-api.ts";
import { whatsappWith } from "./main.ts";

export const ANA = "16505551234";

export interface WhatsAppWorld extends ConformanceWorld {
  readonly api: CloudApiFake;
  /** A whole message of Ana, with more fields. */
  message(more: object): object;
  /** Ana sends it. */
  push(message: object): object;
}

/** Builds a world. */
export function whatsappWorld(
  clock: ManualClock = manualClock(),
  settings: Readonly<Record<string, string>> = {},
): WhatsAppWorld {
  const api = new CloudApiFake(clock);
  const message = (more: object): object => ({
    from: ANA,
    id: api.messageId(),
    timestamp: String(Math.floor(clock.now() / 1_000)),
    ...more,
  });
  const push = (one: object): object => {
    const payload = payloadOf({ contacts: [{ profile: { name: "Ana" }, wa_id: ANA }], messages: [one] });
    api.push(ANA, payload);
    return payload;
  };
  return {
    clock,
    api,
    message,
    push,
    handoff: whatsappHandoff(settings),
    define: (mortal) =>
      whatsappWith({
        fetch: (url, init) => mortal(() => api.fetch(url, init)),
        listen: (port, answer) => {
          api.receiver = (request) => mortal(async () => await answer(request));
          return ok({ port, close: () => Promise.resolve() });
        },
      }),
    textMax: 4_096,
    chat: ANA,
    say: (text) => push(message({ type: "text", text: { body: text } })),
    replay: (event) => {
      if (typeof event === "object" && event !== null) api.push(ANA, event);
    },
    press: (id) => {
      push(
        message({
          type: "interactive",
          interactive: { type: "button_reply", button_reply: { id, title: "x" } },
        }),
      );
    },
    // WhatsApp has no link markup: an address is what is seen. People are called up by `@` and their number.
    seen: () =>
      api.sent.map(({ text, buttons }) => ({
        text,
        buttons,
        links: [],
        pings: text.match(/@\d{5,}/g) ?? [],
      })),
    trouble: (kind) => {
      if (kind === "rate") api.fail({ kind: "answer", status: 429, code: 130_429, retryAfter: "3" });
      else if (kind === "rate_bare") api.fail({ kind: "answer", status: 400, code: 131_056 });
      else if (kind === "busy") api.fail({ kind: "answer", status: 503, code: 131_016 });
      else api.fail({ kind });
    },
    revoke: () => {
      api.revoked = true;
    },
    violations: () => api.violations,
  };
}

/** The hand-off of instance `whatsapp` with the fake's credentials. */
export function whatsappHandoff(
  settings: Readonly<Record<string, string>> = {},
  secrets: Readonly<Record<string, string>> = {},
) {
  const held: Readonly<Record<string, string>> = {
    token: FAKE_TOKEN,
    "app-secret": APP_SECRET,
    "phone-number-id": PHONE_NUMBER_ID,
    ...secrets,
  };
  const named: Readonly<Record<string, string>> = { port: "18793", ...settings };
  return {
    instance: "whatsapp",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) => {
      const text = held[name];
      return text === undefined ? undefined : SecretString.take(new TextEncoder().encode(text));
    },
    setting: (name: string) => named[name],
  };
}
