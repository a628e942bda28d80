/** Matrix's world for the tests: the strict homeserver in this process, one room with Ana. */
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import type { ConformanceWorld } from "#kit/conformance-world.case.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { FAKE_TOKEN, HomeserverFake } from "#test/support/matrix-fake/homeserver.ts";
import { shownOf } from "#test/support/matrix-fake/shown.ts";
import { matrixWith } from "./main.ts";

export const ANA = "@ana:lab.test";
export const BEN = "@ben:lab.test";
export const DIRECT = "!direct:lab.test";
export const TEAM = "!team:lab.test";

export interface MatrixWorld extends ConformanceWorld {
  readonly server: HomeserverFake;
  /** Somebody writes a message with this content; answers its id. */
  message(content: object, from?: string, room?: string): string;
  /** Somebody reacts. */
  react(key: string, target: string, from?: string, room?: string): void;
}

/** Builds a world. */
export function matrixWorld(clock: ManualClock = manualClock()): MatrixWorld {
  const server = new HomeserverFake(clock);
  server.stream.open(DIRECT, { [ANA]: "Ana" });
  server.stream.open(TEAM, { [ANA]: "Ana", [BEN]: "Ben" });
  const message = (content: object, sender = ANA, room = DIRECT): string =>
    server.stream.write(room, { type: "m.room.message", sender, content });
  const react = (key: string, target: string, sender = ANA, room = DIRECT): void => {
    const relation = { rel_type: "m.annotation", event_id: target, key };
    server.stream.write(room, { type: "m.reaction", sender, content: { "m.relates_to": relation } });
  };
  return {
    clock,
    server,
    message,
    react,
    handoff: matrixHandoff(),
    define: (mortal) => matrixWith((url, init) => mortal(() => server.fetch(url, init))),
    textMax: 8_000,
    chat: DIRECT,
    say: (text) => server.stream.eventOf(message({ msgtype: "m.text", body: text })),
    replay: (event) => {
      if (typeof event === "object" && event !== null) server.stream.again(DIRECT, { ...event });
    },
    press: (value) => {
      const [answer = "", id = ""] = value.split(":");
      const shown = server.sent.findLast(({ content }) => String(content["body"]).includes(id));
      react(answer === "deny" ? "❌" : "✅", shown?.id ?? "");
    },
    seen: () => server.sent.map(({ content }) => shownOf(content)),
    trouble: (kind) => {
      const limit = { errcode: "M_LIMIT_EXCEEDED", error: "x" };
      if (kind === "rate")
        server.fail({ kind: "answer", status: 429, body: { ...limit, retry_after_ms: 3_000 } });
      else if (kind === "rate_bare") server.fail({ kind: "answer", status: 429, body: limit });
      else if (kind === "busy") server.fail({ kind: "answer", status: 503, body: {} });
      else server.fail({ kind });
    },
    revoke: () => {
      server.revoked = true;
    },
    violations: () => server.violations,
  };
}

/** The hand-off of instance `matrix` with the fake's token. */
export function matrixHandoff(
  settings: Readonly<Record<string, string>> = { "api-base": "http://127.0.0.1:8008" },
  token: string = FAKE_TOKEN,
) {
  const secrets: Readonly<Record<string, string>> = { token, owner: ANA };
  return {
    instance: "matrix",
    stateKey: SecretBytes.take(new Uint8Array(32).fill(7)),
    secret: (name: string) => {
      const text = secrets[name];
      return text === undefined ? undefined : SecretString.take(new TextEncoder().encode(text));
    },
    setting: (name: string) => settings[name],
  };
}
