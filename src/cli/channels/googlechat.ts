/** Connecting Google Chat: a service account's key, tested with a token and a question that needs the Chat API. */
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject, textMember } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { serviceAccountAssertion, serviceAccountEmail } from "#runtime/service-account.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";
import { webhookAt } from "./webhook-reach.ts";

const API = "https://chat.googleapis.com";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/chat.bot";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const PATH = "/googlechat";

export const googlechat: ChannelSetup = {
  label: "Google Chat",
  apiBase: API,
  asks: [
    {
      name: "service-account",
      kind: "key",
      question: "Key file of the service account, as one line of JSON",
    },
    {
      name: "project-number",
      kind: "account",
      question: "Project number (Cloud console > Dashboard; digits alone)",
    },
  ],
  probe,
  webhook: webhookAt(PATH, "service-account"),
  pairing: (_bot, code) => ({
    link: "", // Chat opens an app by a search, not by a link
    press: "",
    byHand: `in Google Chat open the app and send it: /pair ${code}`,
  }),
};

/** That the key gives a token, and the token opens the Chat API. No fault repeats a credential, or Google's words. */
async function probe(ports: ProbePorts): Promise<Result<Connected, Fault>> {
  const account = ports.credential("service-account");
  const email = account.use(serviceAccountEmail);
  if (email === "") {
    return fail("auth", "this is not the key file of a service account", {
      hint: "it is the JSON that Service accounts > Keys > Add key gives: `--service-account-file PATH`",
    });
  }
  if (!ports.credential("project-number").use((text) => /^\d{5,20}$/.test(text.trim()))) {
    return fail("auth", "this is not a project number", { hint: "digits alone; it is not the project's id" });
  }
  const nowS = Math.floor(ports.nowMs / 1_000);
  const assertion = account.use((file) =>
    serviceAccountAssertion(file, { scope: SCOPE, audience: TOKEN_URL, nowS }),
  );
  if (assertion === undefined) return fail("auth", "the key in this file is damaged");
  const tokenUrl = ports.apiBase === API ? TOKEN_URL : `${ports.apiBase}/token`;
  const given = await call(ports, tokenUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ grant_type: GRANT, assertion }),
  });
  if (!given.ok) return given;
  const token = textMember(given.value.body, "access_token");
  if (token === "") {
    return fail("auth", "Google does not know this key, or it was deleted", {
      hint: "make another for the account",
    });
  }
  const url = `${ports.apiBase}/v1/spaces?pageSize=1`;
  const listed = await call(ports, url, { headers: { authorization: `Bearer ${token}` } });
  if (!listed.ok) return listed;
  if (listed.value.status !== 200) {
    return fail("auth", "the Chat API does not take this account", {
      hint: "enable the Google Chat API in the account's own project, and configure the app there",
    });
  }
  return ok({ bot: email.split("@")[0] ?? "", steps: stepsFor(ports.webhookPort ?? 0) });
}

async function call(
  { fetch }: ProbePorts,
  url: string,
  init: RequestInit,
): Promise<Result<{ readonly status: number; readonly body: { readonly [key: string]: unknown } }, Fault>> {
  try {
    const signal = AbortSignal.timeout(PROBE_MS_MAX);
    const response = await fetch(url, { ...init, signal, redirect: "error" });
    const body: unknown = await response.json();
    return ok({ status: response.status, body: isJsonObject(body) ? body : {} });
  } catch {
    return fail("unavailable", "Google does not answer", { hint: "check the network, and `--api-base`" });
  }
}

function stepsFor(port: number): readonly string[] {
  return [
    `Google Chat's events must reach http://127.0.0.1:${port}${PATH}. Carry them there with one of:`,
    `  cloudflared tunnel --url http://127.0.0.1:${port}`,
    `  tailscale funnel ${port}`,
    "  or a reverse proxy with a certificate",
    "then in the Cloud console under Google Chat API > Configuration:",
    `  HTTP endpoint URL        https://<your address>${PATH}`,
    "  Authentication audience  Project number",
    "  Visibility               the people who may write to it, and nobody else",
    `\`wirken channel doctor googlechat --url https://<your address>${PATH}\` says whether it leads here`,
  ];
}
