/** `wirken permissions`: what was granted, what waits, and the answers. */
import { hostName } from "#contracts/config.ts";
import type { PendingView } from "#contracts/control-results.ts";
import { fail } from "#contracts/fault.ts";
import { promptLines } from "../../approval-dialog.ts";
import type { Group, Leaf } from "../../command.ts";
import { moment, table } from "../../output.ts";
import { callAndShow } from "../../remote.ts";

const ID = { id: { type: "positional", description: "the approval's id, a-…", required: true } } as const;

const list: Leaf = {
  description: "list stored grants and allowed hosts",
  args: {},
  json: true,
  run: (context) =>
    callAndShow(context, "permissions_list", {}, ({ grants, allowedHosts }) => [
      ...(grants.length === 0
        ? ["no stored grants"]
        : table(
            ["grant", "what", "agent", "channel", "person", "until"],
            grants.map((grant) => [
              grant.id,
              grant.actionKey,
              grant.agent,
              grant.channel,
              grant.person,
              moment(grant.expiresMs),
            ]),
          )),
      ...allowedHosts.map((host) => `allowed host ${host.host}${host.pathPrefix}`),
    ]),
};

const pending: Leaf = {
  description: "list requests that wait for an answer",
  args: {},
  json: true,
  run: (context) =>
    callAndShow(context, "permissions_pending", {}, (views) =>
      views.length === 0 ? ["nothing waits"] : views.flatMap(pendingLines),
    ),
};

const approve: Leaf = {
  description: "approve a request once",
  args: {
    ...ID,
    remember: { type: "boolean", description: "tier 2 only: store the grant that the request offers" },
  },
  json: true,
  run: (context, args) =>
    callAndShow(
      context,
      "permissions_approve",
      { approvalId: args.text("id") ?? "", remember: args.flag("remember") },
      (result) => [result.outcome],
    ),
};

const deny: Leaf = {
  description: "deny a request",
  args: { ...ID, why: { type: "string", description: "tell the agent why", valueHint: "TEXT" } },
  json: true,
  run: (context, args) =>
    callAndShow(
      context,
      "permissions_deny",
      { approvalId: args.text("id") ?? "", why: args.text("why") ?? "" },
      (result) => [result.outcome],
    ),
};

const revoke: Leaf = {
  description: "take a stored grant back",
  args: { id: { type: "positional", description: "the grant's id, g-…", required: true } },
  json: true,
  run: (context, args) =>
    callAndShow(context, "permissions_revoke", { grantId: args.text("id") ?? "" }, (result) => [
      result.revoked ? "revoked" : "there was no such grant",
    ]),
};

const allow: Leaf = {
  description: "allow GET and HEAD of a host without asking each time",
  args: {
    host: { type: "positional", description: "the exact host", required: true },
    path: {
      type: "string",
      description: "only paths that begin with this",
      valueHint: "PREFIX",
      default: "/",
    },
  },
  json: true,
  run: async (context, args) => {
    const host = hostName.safeParse(args.text("host"));
    if (!host.success) {
      const hint = "`wirken permissions allow api.example.com --path /v1` allows one host, with every port";
      return fail("usage", "the host must stand alone, without scheme, port or path", { hint });
    }
    return callAndShow(
      context,
      "permissions_allow_host",
      { host: host.data, pathPrefix: args.text("path") ?? "/" },
      (result) => [`allowed ${result.host}: GET and HEAD ask once`],
    );
  },
};

const disallow: Leaf = {
  description: "take an allowed host back",
  args: { host: { type: "positional", description: "the exact host", required: true } },
  json: true,
  run: (context, args) =>
    callAndShow(context, "permissions_disallow_host", { host: args.text("host") ?? "" }, (result) => [
      result.removed ? "no longer allowed" : "there was no such host",
    ]),
};

export const permissions: Group = {
  description: "see and change what agents may do",
  children: {
    list: () => Promise.resolve(list),
    pending: () => Promise.resolve(pending),
    approve: () => Promise.resolve(approve),
    deny: () => Promise.resolve(deny),
    revoke: () => Promise.resolve(revoke),
    allow: () => Promise.resolve(allow),
    disallow: () => Promise.resolve(disallow),
  },
};

function pendingLines(view: PendingView): readonly string[] {
  return [
    `${view.approvalId}  tier ${String(view.tier)}  ${view.agent} on ${view.channel}, open until ${moment(view.expiresMs)}`,
    ...promptLines(view),
    `  wirken permissions approve ${view.approvalId}`,
    `  wirken permissions deny ${view.approvalId}`,
    "",
  ];
}
