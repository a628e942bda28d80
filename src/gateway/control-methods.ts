/** What `wirken <noun> <verb>` asks of the running program: a total table over the control methods. */
import { TOOL_SCOPE } from "#contracts/tool-credential.ts";
import { isChannel } from "#contracts/channel.ts";
import type { Config } from "#contracts/config.ts";
import type { ControlMethod, ControlParams } from "#contracts/control.ts";
import type { ControlEvent, ControlResults } from "#contracts/control-results.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE, parseInstanceId, parsePersonId, parseSessionId } from "#contracts/ids.ts";
import { ok, type Result } from "#contracts/result.ts";
import { agentMethods } from "./agent-methods.ts";
import { askTurn } from "./ask-turn.ts";
import { undoCall } from "./chat-pages.ts";
import { forgetPaired, forgetPerson } from "./channel-end.ts";
import type { Parts } from "./compose.ts";
import { mcpMethods } from "./mcp-methods.ts";
import type { PageLinks } from "./page-links.ts";
import { type RoleChange, roleChanges } from "./restarts.ts";
import type { StatusDesk } from "./status.ts";

export interface ControlPorts {
  readonly parts: Parts;
  readonly status: StatusDesk;
  readonly links: PageLinks;
  /** Asks the keeper to start, stop or restart a role that it knows or that config.json names. */
  readonly change: (change: RoleChange) => void;
  /** Published keys of an agent, hex, newest last. */
  readonly keysOf: (agent: string) => readonly string[];
}

/** One call of a client. */
export interface ControlCall {
  readonly emit: (event: ControlEvent) => void;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

export type ControlTable = {
  readonly [M in ControlMethod]: (
    params: ControlParams<M>,
    call: ControlCall,
  ) => Promise<Result<ControlResults[M], Fault>>;
};

const BY = "cli";

/** The table. */
export function controlTable(ports: ControlPorts): ControlTable {
  const { parts, status, links } = ports;
  return {
    status: async () => ok(status.view()),
    open: async ({ page }) => ok(links.mint(page)),
    ask: (params, call) => askTurn(parts, params, call),
    stop_turn: async ({ session }) => {
      const parsed = parseSessionId(session);
      const stop = { by: "person", person: parts.people.owner, surface: "cli" } as const;
      return ok({ stopped: parsed.ok && parts.queue.stop(parsed.value, stop) });
    },
    ...permissionMethods(ports),
    ...approverMethods(ports),
    ...agentMethods(ports),
    ...configMethods(ports),
    ...channelMethods(ports),
    ...mcpMethods(parts.mcp),
    ...recordMethods(ports),
  };
}

function permissionMethods({ parts }: ControlPorts) {
  const by = { person: parts.people.owner, surface: "cli", instance: undefined } as const;
  return {
    permissions_list: async () => {
      const { allowed_hosts } = parts.configuration.current.policy;
      const allowedHosts = allowed_hosts.map(({ host, path_prefix }) => ({ host, pathPrefix: path_prefix }));
      return ok({ grants: parts.grants.list(), allowedHosts });
    },
    permissions_pending: async () =>
      ok(
        parts.approvals.pending().flatMap((pending) => {
          const prompt = parts.prompts.promptOf(pending.id);
          if (prompt === undefined) return [];
          const { approvalId, tier, title, exact, facts, askedMs, expiresMs, grantOffer } = prompt;
          const { agent, channel, session } = pending;
          return [
            {
              approvalId,
              tier,
              title,
              exact,
              facts,
              agent,
              channel,
              session,
              askedMs,
              expiresMs,
              grantOffer,
            },
          ];
        }),
      ),
    permissions_approve: async ({ approvalId, remember }: ControlParams<"permissions_approve">) => {
      const taken = await parts.approvals.answer(approvalId, by, { verdict: "approve", remember });
      return taken.ok ? ok({ outcome: taken.value.verdict }) : taken;
    },
    permissions_deny: async ({ approvalId, why }: ControlParams<"permissions_deny">) => {
      const taken = await parts.approvals.answer(approvalId, by, { verdict: "deny", why });
      return taken.ok ? ok({ outcome: taken.value.verdict }) : taken;
    },
    permissions_revoke: async ({ grantId }: ControlParams<"permissions_revoke">) =>
      ok({ revoked: await parts.grants.revoke(grantId, parts.people.owner) }),
    permissions_allow_host: async ({ host, pathPrefix }: ControlParams<"permissions_allow_host">) => {
      const changed = await changeHosts(parts, host, [{ host, path_prefix: pathPrefix }]);
      return changed.ok ? ok({ host }) : changed;
    },
    permissions_disallow_host: async ({ host }: ControlParams<"permissions_disallow_host">) => {
      const changed = await changeHosts(parts, host, []);
      return changed.ok ? ok({ removed: changed.value }) : changed;
    },
  } satisfies Partial<ControlTable>;
}

type AllowedHosts = Config["policy"]["allowed_hosts"];

/** Puts `entries` in the place of what is allowed for `host`. */
async function changeHosts(
  parts: Parts,
  host: string,
  entries: AllowedHosts,
): Promise<Result<boolean, Fault>> {
  const config = parts.configuration.current;
  const others = config.policy.allowed_hosts.filter(
    (entry) => entry.host.toLowerCase() !== host.toLowerCase(),
  );
  const allowed_hosts = [...others, ...entries];
  const changed = await parts.configuration.replace(
    { ...config, policy: { ...config.policy, allowed_hosts } },
    BY,
  );
  return changed.ok ? ok(changed.value.length > 0) : changed;
}

function approverMethods({ parts }: ControlPorts) {
  const viewOf = (entry: ReturnType<Parts["approvers"]["list"]>[number]) => ({
    ...entry,
    name: parts.people.person(entry.person),
  });
  return {
    approvers_list: async () => ok(parts.approvers.list().map(viewOf)),
    approvers_add: async ({ person, surface, upTo }: ControlParams<"approvers_add">) => {
      const parsed = parsePersonId(person);
      if (!parsed.ok || !isChannel(surface)) return fail("usage", "there is no such person or surface");
      if (parsed.value !== parts.people.owner && parts.identity.personOf(parsed.value) === undefined) {
        return fail("not_found", "this person was never seen", { hint: "wirken approvers list" });
      }
      const entry = { person: parsed.value, surface, upTo };
      await parts.approvers.add(entry, BY);
      return ok(viewOf(entry));
    },
    approvers_remove: async ({ person, surface }: ControlParams<"approvers_remove">) => {
      const parsed = parsePersonId(person);
      if (!parsed.ok || !isChannel(surface)) return fail("usage", "there is no such person or surface");
      return ok({ removed: await parts.approvers.remove(parsed.value, surface, BY) });
    },
    persons_list: async () =>
      ok(
        parts.identity.persons().map(({ person, instance }) => ({
          person,
          instance,
          name: parts.people.person(person),
          admitted: parts.people.isAdmitted(person),
        })),
      ),
  } satisfies Partial<ControlTable>;
}

function configMethods({ parts, change }: ControlPorts) {
  return {
    config_get: async () => ok({ config: parts.configuration.current }),
    config_apply: async ({ config }: ControlParams<"config_apply">) => {
      const before = parts.configuration.current;
      const changed = await parts.configuration.replace(config, BY);
      if (!changed.ok) return changed;
      const changes = roleChanges(before, parts.configuration.current);
      for (const each of changes) change(each);
      for (const { what, role } of changes) if (what === "stop") await forgetPaired(parts, role, BY);
      parts.hub.stateChanged();
      return ok({ changed: changed.value, restarted: changes.map(({ role }) => role) });
    },
    credential_changed: async (credential: ControlParams<"credential_changed">) => {
      const { scope, name, version } = credential;
      const payload = { change: credential.change, version, by: BY };
      const base = { session: GATEWAY_LANE, kind: "credential_changed", trust: "user" } as const;
      await parts.world.journal.append([{ ...base, payload, content: { scope, name } }]);
      const role = userOf(credential, parts);
      if (role === undefined) return ok({ restarted: [] });
      change({ what: "restart", role });
      return ok({ restarted: [role] });
    },
    restart: async ({ role }: ControlParams<"restart">) => {
      const instance = parseInstanceId(role);
      if (!instance.ok) return fail("usage", "there is no such role", { hint: "wirken status" });
      change({ what: "restart", role: instance.value });
      return ok({ restarted: [instance.value] });
    },
  } satisfies Partial<ControlTable>;
}

/** The role that reads a credential at its start. A channel that is not configured, or lost its key, has none. */
function userOf(
  changed: ControlParams<"credential_changed">,
  { configuration, mcp }: Parts,
): string | undefined {
  if (changed.scope === "provider" || changed.scope === TOOL_SCOPE) return "gateway";
  const [kind, instance = ""] = changed.scope.split("/");
  if (kind === "mcp") return mcp.link.view(instance) === undefined ? undefined : "mcp";
  const isThere = Object.hasOwn(configuration.current.channels, instance);
  const runs = kind === "channel" && changed.change !== "removed" && isThere;
  return runs ? instance : undefined;
}

function channelMethods({ parts }: ControlPorts) {
  return {
    channel_pair: async ({ instance, upTo }: ControlParams<"channel_pair">) => {
      const parsed = parseInstanceId(instance);
      if (!parsed.ok || parts.configuration.current.channels[instance] === undefined) {
        return fail("not_found", "there is no such channel", { hint: "wirken channel list" });
      }
      const minted = parts.pairing.mint(parsed.value, upTo);
      const payload = { change: "made", instance, up_to: upTo };
      await parts.world.journal.append([{ session: GATEWAY_LANE, kind: "pairing", trust: "user", payload }]);
      return ok(minted);
    },
    person_remove: async ({ instance, person }: ControlParams<"person_remove">) => {
      const parsed = parsePersonId(person);
      const known = parsed.ok ? parts.identity.personOf(parsed.value) : undefined;
      if (known?.instance !== instance) {
        return fail("not_found", "there is no such person on this channel", {
          hint: "wirken approvers persons",
        });
      }
      const removed = await forgetPerson(parts, known.person, BY);
      parts.hub.stateChanged();
      return ok({ removed });
    },
    channels_list: async () => {
      const names = ["webchat", ...Object.keys(parts.configuration.current.channels)];
      return ok(
        names.flatMap((name) => {
          const instance = parseInstanceId(name);
          if (!instance.ok) return [];
          const { state, detail } = parts.links.stateOf(instance.value);
          const connected = parts.links.of(instance.value) !== undefined;
          const [channel = name] = name.split(":");
          return [
            {
              instance: name,
              channel,
              connected,
              state,
              detail,
              paired: parts.people.pairedOf(instance.value),
            },
          ];
        }),
      );
    },
  } satisfies Partial<ControlTable>;
}

function recordMethods({ parts }: ControlPorts) {
  // Both end a start that the log refused; a program that runs has a log that was accepted.
  const nothing = { accepted: false, detail: "The running log needs no acceptance." };
  return {
    // The copy itself is the terminal's: no plan lets the gateway write where the operator wants it.
    audit_backup: async ({ file }: ControlParams<"audit_backup">) => {
      const payload = { what: "backup", by: BY };
      await parts.world.journal.append([
        { session: GATEWAY_LANE, kind: "export", trust: "user", payload, content: { file } },
      ]);
      return ok({ recorded: true });
    },
    audit_accept_state: async () => ok(nothing),
    audit_accept_tail: async () => ok(nothing),
    undo: async ({ session, call }: ControlParams<"undo">) => {
      const parsed = parseSessionId(session);
      const place = parsed.ok ? parts.identity.placeOf(parsed.value) : undefined;
      return place === undefined
        ? fail("not_found", "there is no such session")
        : undoCall(parts, place, call);
    },
  } satisfies Partial<ControlTable>;
}
