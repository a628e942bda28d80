/** Connecting Slack: both tokens tested, their scopes compared, and nothing of Slack's repeated. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SecretString } from "#contracts/secret.ts";
import { slack } from "./slack.ts";

const BOT = "xoxb-0123456789-abcdefghij";
const APP = "xapp-1-A0123456789-abcdefghij";
const NEEDED = "app_mentions:read,chat:write,commands,im:history";
const PAGE = readFileSync(join(import.meta.dir, "../../../docs/channels/slack.md"), "utf8");

interface Said {
  readonly me?: object;
  readonly socket?: object;
  readonly scopes?: string;
}

/** The probe over a Slack that answers as it is told. */
async function probe({ me, socket, scopes = NEEDED }: Said, tokens = { token: BOT, "app-token": APP }) {
  const answers: Readonly<Record<string, object>> = {
    "auth.test": me ?? { ok: true, user: "wirken", user_id: "U1", bot_id: "B1", team_id: "T1" },
    "apps.connections.open": socket ?? { ok: true, url: "wss://wss-primary.slack.com/link/?ticket=x" },
  };
  const asked: string[] = [];
  const ports = {
    apiBase: "https://slack.com/api",
    credential: (name: string) =>
      SecretString.take(new TextEncoder().encode(name === "token" ? tokens.token : tokens["app-token"])),
    fetch: (url: string, init?: RequestInit) => {
      const method = new URL(url).pathname.split("/").at(-1) ?? "";
      asked.push(`${method} ${new Headers(init?.headers).get("authorization")}`);
      return Promise.resolve(Response.json(answers[method] ?? {}, { headers: { "x-oauth-scopes": scopes } }));
    },
    webhookPort: undefined,
    nowMs: 0,
  };
  const found = await slack.probe(ports);
  return { found, asked };
}

test("probe tests each token where it belongs, and shows the bot's name", async () => {
  const { found, asked } = await probe({});
  expect(found).toMatchObject({ ok: true, value: { bot: "wirken" } });
  expect(asked).toEqual([`auth.test Bearer ${BOT}`, `apps.connections.open Bearer ${APP}`]);
});

test("probe says which scopes are missing, and which nobody uses", async () => {
  const { found } = await probe({
    scopes: "chat:write, im:history, files:read, channels:manage, EVIL\u001b, admin",
  });
  const steps = found.ok ? found.value.steps.join("\n") : "";
  expect(steps).toContain("add the scopes app_mentions:read, commands:");
  expect(steps).toContain("take away what is not used, channels:manage, admin:");
  expect((await probe({})).found).toMatchObject({
    value: { steps: ["in channels: /invite the bot, then mention it"] },
  });
});

for (const [name, said, code] of [
  ["a bot token that is unknown", { me: { ok: false, error: "invalid_auth" } }, "auth"],
  ["a person's token", { me: { ok: true, user: "ana", user_id: "U1", team_id: "T1" } }, "protocol"],
  ["an app token without its scope", { socket: { ok: false, error: "missing_scope" } }, "auth"],
  ["Socket Mode that is off", { socket: { ok: false, error: "link_disabled" } }, "auth"],
  ["a slow-down", { me: { ok: false, error: "ratelimited" } }, "unavailable"],
  ["another server", { me: { hello: "world" } }, "protocol"],
  ["a name of controls", { me: { ok: true, user: "\u001b[2J", bot_id: "B1" } }, "protocol"],
] as const) {
  test(`probe tells ${name}`, async () => {
    const { found } = await probe(said);
    expect(found).toMatchObject({ ok: false, error: { code } });
    expect(JSON.stringify(found)).not.toContain("xox");
  });
}

test("probe tells tokens that were mistaken for each other, and asks nobody", async () => {
  const { found, asked } = await probe({}, { token: APP, "app-token": BOT });
  expect(found).toMatchObject({ ok: false, error: { code: "auth" } });
  expect(asked).toEqual([]);
});

test("the manifest of the page asks for what the probe needs, and no more than the page explains", () => {
  const manifest = /```yaml([^]*?)```/.exec(PAGE)?.[1] ?? "";
  const scopes = [...manifest.matchAll(/- ([a-z_]+:?[a-z]*)$/gm)].map(([, scope]) => scope);
  for (const scope of NEEDED.split(",")) expect(scopes).toContain(scope);
  expect(scopes).toEqual([
    ...NEEDED.split(",").slice(0, 3),
    "files:read",
    "im:history",
    "users:read",
    "app_mention",
  ]);
  expect(manifest).toContain("- message.im");
  expect(manifest).toContain("socket_mode_enabled: true");
});
