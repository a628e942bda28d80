/**
 * Programs that must not compile. `illegal.test.ts` runs the compiler over this file: each `@ts-expect-error` that finds
 * no error below it is an error itself, so a wall that was lost fails the test by its line.
 */
import type { Action, ActionKind, ActionOf, Tier } from "#contracts/action.ts";
import { BASE_TIER } from "#contracts/action.ts";
import type { Channel } from "#contracts/channel.ts";
import type { SessionId } from "#contracts/ids.ts";
import type { Loggable, SecretBytes, SecretString } from "#contracts/secret.ts";
import type { Verdict } from "#contracts/verdict.ts";
import type { Egress } from "#gateway/egress.ts";
import { newGrant, StorableAction, type GrantScope } from "#policy/grant.ts";
import { SessionHandle, type SessionPlace } from "#session/handle.ts";
import { AuthenticatedChannel } from "#ipc/authenticated-channel.ts";
import type { Log } from "#runtime/log.ts";

declare const place: SessionPlace;
declare const telegram: SessionHandle<"telegram">;
declare const webchatConnection: AuthenticatedChannel<"webchat">;
declare const key: SecretString;
declare const bytes: SecretBytes;
declare const log: Log;
declare const egress: Egress;
declare const scope: GrantScope;
declare const exec: ActionOf<"shell_exec">;
declare function webchatOnly(handle: SessionHandle<"webchat">): void;
declare function anyChannel(handle: SessionHandle<Channel>): void;
declare function telegramOnly(channel: AuthenticatedChannel<"telegram">): void;

// Control: what must compile.
webchatOnly(SessionHandle.open("webchat", place));
anyChannel(telegram.anyChannel);
void egress.reply(telegram, { text: "", purpose: "answer", replyTo: "" });
log.info("started", { rows: 1, roles: ["signer"] });

// @ts-expect-error a Telegram handle is no WebChat handle
webchatOnly(telegram);
// @ts-expect-error a handle does not widen to every channel
anyChannel(telegram);
// @ts-expect-error nor does the general handle narrow to one
webchatOnly(telegram.anyChannel);
// @ts-expect-error an object of the same shape is no handle
webchatOnly({ channel: "webchat", place, session: place.session });
// @ts-expect-error the mint is the module's own
new SessionHandle(Symbol("SessionHandle"), "webchat", place);
// @ts-expect-error a connection proves its own channel only
telegramOnly(webchatConnection);
// @ts-expect-error an answer needs a handle, not a session's name
void egress.reply(place.session, { text: "", purpose: "answer", replyTo: "" });
// @ts-expect-error a handle names a channel that exists
SessionHandle.open("carrier_pigeon", place);

// @ts-expect-error a secret is not loggable
log.info("key", { key });
// @ts-expect-error nor is it at any depth
log.info("key", { nested: [{ bytes }] });
// @ts-expect-error nor as a value of the type
export const loggable: Loggable = key;
// @ts-expect-error nor does it stand in for text
export const asText: string = key;

// @ts-expect-error tier 3 has no storable form: a call itself is none
newGrant(exec, scope, "g", 0, 30);
// @ts-expect-error and the form cannot be forged
newGrant({ key: "shell_exec", longestMs: 1 }, scope, "g", 0, 30);
// @ts-expect-error nor built
new StorableAction(Symbol("StorableAction"), "shell_exec", "key");

// @ts-expect-error every kind has a tier
export const missing: Record<ActionKind, Tier> = { ...BASE_TIER, shell_exec: undefined };
// @ts-expect-error and no kind that does not exist has one
export const surplus = { ...BASE_TIER, teleport: 1 } satisfies Record<ActionKind, Tier>;
// @ts-expect-error a command has at least a program
export const empty: ActionOf<"shell_exec">["argv"] = [];
// @ts-expect-error there is no verdict without a reason
export const verdict: Verdict = { kind: "allow", tier: 1, reasons: [] };
// @ts-expect-error text is no id until it was parsed
export const session: SessionId = "_gateway";

/** @internal A switch that forgets kinds does not end. */
export function forgets(action: Action): string {
  switch (action.kind) {
    case "shell_exec":
      return "command";
    default:
      // @ts-expect-error what is left is not `never`
      return left(action);
  }
}
declare function left(value: never): string;
