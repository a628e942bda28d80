/** Connecting Matrix: the bot's access token, tested by asking whose it is, and who its owner is. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";

const TOKEN = /^[\x21-\x7e]{8,1024}$/;
const USER = /^@[\x21-\x39\x3b-\x7e]{0,120}:[A-Za-z0-9.:[\]-]{1,120}$/;
const STEPS = [
  "in your own program: make a room without encryption and invite the bot; it joins only for you and people it has heard",
  "in rooms with more people: mention it, or answer it",
] as const;

export const matrix: ChannelSetup = {
  label: "Matrix",
  apiBase: undefined,
  asks: [
    { name: "token", kind: "token", question: "Access token of the bot's account" },
    { name: "owner", kind: "account", question: "Your own Matrix id (@name:server)" },
  ],
  probe,
  pairing: (bot, code) => ({
    link: USER.test(`@${bot}`) ? `https://matrix.to/#/@${bot}` : "",
    press: `make a room without encryption with it and send: !pair ${code}`,
    byHand: `in a room without encryption with ${bot === "" ? "the bot" : `@${bot}`} send: !pair ${code}`,
  }),
};

async function probe(ports: ProbePorts): Promise<Result<Connected, Fault>> {
  if (!ports.credential("token").use((text) => TOKEN.test(text))) {
    return fail("auth", "this is not an access token", {
      hint: "it is one word, shown by the bot account's settings under Help & About, or given by a login",
    });
  }
  const owner = ports.credential("owner").use((text) => (USER.test(text) ? text : undefined));
  if (owner === undefined) {
    return fail("auth", "this is not a Matrix id", { hint: "write it whole: @name:server" });
  }
  const me = await ask(ports, "v3/account/whoami");
  if (!me.ok) return me;
  const id = textMember(me.value, "user_id");
  if (!USER.test(id)) {
    return fail("protocol", "this is not how a homeserver answers", { hint: "check `--api-base`" });
  }
  if (id === owner) {
    return fail("auth", "the token is your own account's: the bot would hear nobody", {
      hint: "make an account for the bot, and use its token",
    });
  }
  return ok({ bot: id.slice(1), steps: STEPS });
}

/** One question. No fault repeats a credential, or the homeserver's words. */
async function ask(
  { fetch, apiBase, credential }: ProbePorts,
  path: string,
): Promise<Result<JsonObject, Fault>> {
  let answer: unknown;
  let status = 0;
  try {
    const authorization = credential("token").use((text) => `Bearer ${text}`);
    const response = await fetch(`${apiBase}/_matrix/client/${path}`, {
      headers: { authorization },
      signal: AbortSignal.timeout(PROBE_MS_MAX),
      redirect: "error",
    });
    status = response.status;
    answer = await response.json();
  } catch {
    return fail("unavailable", "the homeserver did not answer", {
      hint: "name its own address with `--api-base`: its client API, as https://SERVER/.well-known/matrix/client says",
    });
  }
  if (status === 200 && isJsonObject(answer)) return ok(answer);
  if (status === 401) {
    return fail("auth", "the homeserver does not know this token", {
      hint: "log the bot's account in again, and do not log that session out",
    });
  }
  return fail("protocol", `this is not how a homeserver answers (status ${String(status)})`, {
    hint: "check `--api-base`",
  });
}
