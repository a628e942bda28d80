/**
 * Connecting WhatsApp: Meta's Cloud API. The token and the app's secret are tested together, with the proof that Meta
 * asks of servers (https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof).
 */
import { createHmac } from "node:crypto";
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject, textMember } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { webhookWord } from "#runtime/webhook-word.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";
import { webhookAt } from "./webhook-reach.ts";

const VERSION = "v23.0";
const PATH = "/whatsapp";
const TOKEN = /^[\x21-\x7e]{20,1024}$/;
const APP_SECRET = /^[0-9a-f]{32}$/;
const PHONE_NUMBER_ID = /^\d{5,32}$/;

export const whatsapp: ChannelSetup = {
  label: "WhatsApp",
  apiBase: "https://graph.facebook.com",
  asks: [
    {
      name: "token",
      kind: "token",
      question: "Access token of a system user (right: whatsapp_business_messaging)",
    },
    { name: "app-secret", kind: "secret", question: "App secret (App settings > Basic)" },
    {
      name: "phone-number-id",
      kind: "account",
      question: "Phone number ID (WhatsApp > API Setup; not the number)",
    },
  ],
  probe,
  webhook: webhookAt(PATH, "app-secret"),
  pairing: (bot, code, isOwnServer) => ({
    // https://faq.whatsapp.com/5913398998672934: the words stand ready, the person presses Send.
    link:
      !isOwnServer && /^\+\d{5,20}$/.test(bot)
        ? `https://wa.me/${bot.slice(1)}?text=${encodeURIComponent(`/pair ${code}`)}`
        : "",
    press: "press Send",
    byHand: `from your own WhatsApp send ${bot === "" ? "the number" : bot}: /pair ${code}`,
  }),
};

/** The number that the id stands for. No fault repeats a credential, or Meta's words. */
async function probe(ports: ProbePorts): Promise<Result<Connected, Fault>> {
  const shaped = checkShapes(ports);
  if (!shaped.ok) return shaped;
  const { token, secret, id } = shaped.value;
  const bearer = token.use((text) => ({ authorization: `Bearer ${text}` }));
  const proof = token.use((text) =>
    secret.use((key) => createHmac("sha256", key).update(text).digest("hex")),
  );
  let answer: unknown;
  try {
    const url = `${ports.apiBase}/${VERSION}/${id}?fields=display_phone_number&appsecret_proof=${proof}`;
    const signal = AbortSignal.timeout(PROBE_MS_MAX);
    const response = await ports.fetch(url, { headers: bearer, signal, redirect: "error" });
    answer = await response.json();
  } catch {
    return fail("unavailable", "Meta does not answer", { hint: "check the network, and `--api-base`" });
  }
  const found = isJsonObject(answer) ? answer : {};
  const number = textMember(found, "display_phone_number").replace(/\D/g, "");
  if (number !== "")
    return ok({ bot: `+${number}`, steps: stepsFor(ports.webhookPort ?? 0, secret.use(webhookWord)) });
  return refusalOf(found["error"]);
}

function checkShapes({ credential }: ProbePorts) {
  const token = credential("token");
  const secret = credential("app-secret");
  const id = credential("phone-number-id").use((text) => text.trim());
  if (!token.use((text) => TOKEN.test(text))) {
    return fail("auth", "this is not an access token", { hint: "it is one long word that begins with EAA" });
  }
  if (!secret.use((text) => APP_SECRET.test(text))) {
    return fail("auth", "this is not an app secret", { hint: "it is 32 digits and letters from a to f" });
  }
  if (!PHONE_NUMBER_ID.test(id)) {
    return fail("auth", "this is not a phone number id", {
      hint: "it stands under the number in WhatsApp > API Setup: digits alone, and not the number itself",
    });
  }
  return ok({ token, secret, id });
}

function refusalOf(error: unknown): Result<never, Fault> {
  if (!isJsonObject(error)) {
    return fail("protocol", "this is not how Meta answers", { hint: "check `--api-base`" });
  }
  const code = error["code"];
  if (code === 190) {
    return fail("auth", "Meta does not know this access token, or it ran out", {
      hint: "make one without an end: Business settings > System users > Generate token",
    });
  }
  if (code === 100 && textMember(error, "message").includes("appsecret_proof")) {
    return fail("auth", "the app secret does not belong to the app of this token", {
      hint: "copy it again from App settings > Basic of the app that made the token",
    });
  }
  return fail("auth", "Meta does not show this number to this token", {
    hint: "check the phone number id, and that the system user may use the WhatsApp account",
  });
}

function stepsFor(port: number, word: string): readonly string[] {
  return [
    `WhatsApp's events must reach http://127.0.0.1:${port}${PATH}. Carry them there with one of:`,
    `  cloudflared tunnel --url http://127.0.0.1:${port}`,
    `  tailscale funnel ${port}`,
    `  ngrok http ${port}`,
    "  or a reverse proxy with a certificate",
    "then, with wirken running, in the Meta App Dashboard under WhatsApp > Configuration:",
    `  callback URL  https://<your address>${PATH}`,
    `  verify token  ${word}`,
    "  subscribe to the field messages, and to no other",
    `\`wirken channel doctor whatsapp --url https://<your address>${PATH}\` says whether Meta can reach it`,
  ];
}
