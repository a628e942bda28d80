/**
 * The names of people, for showing alone: Slack's events bring ids. A name is asked for once a day, costs no
 * event more than a moment, and is left empty where the app may not ask (`users:read`).
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { isJsonObject, textMember } from "#contracts/json.ts";
import type { SlackApi } from "./api.ts";

const NAMES_MAX = 1_000;
const KEPT_MS = 86_400_000;
const WAIT_MS_MAX = 1_000;
/** After a refusal nothing is asked for a while. */
const QUIET_MS = 60_000;

export interface Names {
  /** The user's name; empty where it cannot be had in a moment. */
  of(userId: string): Promise<string>;
}

/** Names by user id. */
export function slackNames(api: SlackApi, clock: AdapterHost["clock"]): Names {
  const known = new Map<string, { readonly name: Promise<string>; readonly atMs: number }>();
  let quietUntil = 0;
  const ask = async (userId: string): Promise<string> => {
    const answer = await api.ask("users.info", { user: userId });
    if (!answer.ok) {
      quietUntil = clock.monotonic() + (answer.error.kind === "rate" ? answer.error.afterMs : QUIET_MS);
      known.delete(userId);
      return "";
    }
    const user = isJsonObject(answer.value["user"]) ? answer.value["user"] : {};
    const profile = isJsonObject(user["profile"]) ? user["profile"] : {};
    return textMember(profile, "display_name") || textMember(user, "real_name") || textMember(user, "name");
  };
  return {
    of: async (userId) => {
      const now = clock.monotonic();
      const found = known.get(userId);
      if (found !== undefined && now - found.atMs < KEPT_MS) return await soon(found.name, clock);
      if (now < quietUntil) return "";
      for (const oldest of known.keys()) {
        if (known.size < NAMES_MAX) break;
        known.delete(oldest);
      }
      const name = ask(userId);
      known.set(userId, { name, atMs: now });
      return await soon(name, clock);
    },
  };
}

/** The name, or none when it takes too long. */
async function soon(name: Promise<string>, clock: AdapterHost["clock"]): Promise<string> {
  const late = Promise.withResolvers<string>();
  const cancel = clock.after(WAIT_MS_MAX, () => late.resolve(""));
  try {
    return await Promise.race([name, late.promise]);
  } finally {
    cancel();
  }
}
