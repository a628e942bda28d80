/** `wirken credentials`: what lies in the vault, never its values. */
import { PROVIDERS } from "#contracts/config.ts";
import { TOOL_SCOPE } from "#contracts/tool-credential.ts";
import { ok } from "#contracts/result.ts";
import { readConfigFile } from "#host/config-file.ts";
import { addCredential, listCredentials, removeCredential, rotateCredential } from "#vault/credentials.ts";
import type { EntryInfo } from "#vault/entry.ts";
import { announceCredential } from "../../announce-credential.ts";
import type { Arguments, Group, Leaf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { BASE_URL } from "../../model-probe.ts";
import { moment, table } from "../../output.ts";
import { SECRET_ARGS, secretInput } from "../../secret-input.ts";
import { addToolCredential, rotateToolCredential } from "../../tool-credential.ts";
import { bytesOf, openOrMakeVault, openVault } from "../../vault-access.ts";

const NAMED = {
  name: { type: "positional", description: "the credential's name, e.g. anthropic", required: true },
  scope: {
    type: "string",
    description: "provider, channel/<id>, …",
    valueHint: "SCOPE",
    default: "provider",
  },
} as const;

const ORIGIN = {
  origin: {
    type: "string",
    description:
      "the origin it may be sent to; a provider's key goes to its configured address where none is named",
    valueHint: "ORIGIN",
  },
} as const;

/** Words of a credential of tools, which goes into a header of requests to one host. */
const TOOL = {
  host: {
    type: "string",
    description: "of tool/NAME: the one host it is sent to, `host`, `host:port` or `http://host:port`",
    valueHint: "HOST",
  },
  header: { type: "string", description: "of tool/NAME: the header it goes into", valueHint: "NAME" },
  prefix: {
    type: "string",
    description: "of tool/NAME: what stands before it; `Bearer ` in authorization by default",
    valueHint: "TEXT",
  },
} as const;

const list: Leaf = {
  description: "list the credentials: name, scope, version, where each may be sent; never a value",
  args: {},
  json: true,
  run: async (context) => {
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    const entries = listCredentials(vault);
    if (!entries.ok) return entries;
    context.out.data(entries.value, () =>
      entries.value.length === 0
        ? ["the vault holds no credentials"]
        : table(["scope", "name", "kind", "version", "stored", "expires", "sent to"], entries.value.map(row)),
    );
    return ok(0);
  },
};

const add: Leaf = {
  description: "store a credential (value from --stdin, --file or a hidden prompt)",
  args: {
    ...NAMED,
    ...SECRET_ARGS,
    ...ORIGIN,
    ...TOOL,
    kind: { type: "string", description: "api_key, token, …", valueHint: "KIND", default: "api_key" },
  },
  json: true,
  run: async (context, args) => {
    const value = await secretInput(context, args, `Value of ${args.text("name") ?? ""}`);
    if (!value.ok) return value;
    using text = value.value;
    const opened = await openOrMakeVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value.vault;
    using bytes = bytesOf(text);
    const { scope, name } = placeOf(args);
    const stored =
      scope === TOOL_SCOPE
        ? addToolCredential(vault, name, bytes, {
            host: args.text("host"),
            header: args.text("header"),
            prefix: args.text("prefix"),
          })
        : addCredential(vault, {
            scope,
            name,
            kind: args.text("kind") ?? "api_key",
            value: bytes,
            ...originsFor(context, args.text("origin"), scope, name),
          });
    if (!stored.ok) return stored;
    const change = stored.value.version === 1 ? "added" : "rotated";
    await announceCredential(
      context,
      { scope, name, version: stored.value.version, change },
      opened.value.made,
    );
    context.out.data(stored.value, () => [
      `stored ${scope} ${name}, version ${String(stored.value.version)}`,
    ]);
    return ok(0);
  },
};

const rotate: Leaf = {
  description: "replace a credential's value",
  args: { ...NAMED, ...SECRET_ARGS, ...ORIGIN },
  json: true,
  run: async (context, args) => {
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    const { scope, name } = placeOf(args);
    const value = await secretInput(context, args, `New value of ${name}`);
    if (!value.ok) return value;
    using text = value.value;
    using bytes = bytesOf(text);
    const origin = args.text("origin");
    const origins = origin === undefined ? {} : { origins: [origin] };
    const stored =
      scope === TOOL_SCOPE
        ? rotateToolCredential(vault, name, bytes)
        : rotateCredential(vault, { scope, name, value: bytes, ...origins });
    if (!stored.ok) return stored;
    await announceCredential(
      context,
      { scope, name, version: stored.value.version, change: "rotated" },
      undefined,
    );
    context.out.data(stored.value, () => [
      `rotated ${scope} ${name}, version ${String(stored.value.version)}`,
    ]);
    return ok(0);
  },
};

const remove: Leaf = {
  description: "remove a credential",
  args: NAMED,
  json: true,
  run: async (context, args) => {
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    const { scope, name } = placeOf(args);
    const removed = removeCredential(vault, scope, name);
    if (!removed.ok) return removed;
    await announceCredential(
      context,
      { scope, name, version: removed.value.version, change: "removed" },
      undefined,
    );
    context.out.data(removed.value, () => [`removed ${scope} ${name}`]);
    return ok(0);
  },
};

/** `tool/github` names the scope too. */
function placeOf(args: Arguments): { readonly scope: string; readonly name: string } {
  const name = args.text("name") ?? "";
  const before = `${TOOL_SCOPE}/`;
  if (name.startsWith(before)) return { scope: TOOL_SCOPE, name: name.slice(before.length) };
  return { scope: args.text("scope") ?? "provider", name };
}

export const credentials: Group = {
  description: "store, rotate and remove credentials",
  children: {
    list: () => Promise.resolve(list),
    add: () => Promise.resolve(add),
    rotate: () => Promise.resolve(rotate),
    remove: () => Promise.resolve(remove),
  },
};

/** Where a new credential may go: as named, else, for a provider's key, where the configuration asks that provider. */
function originsFor(
  context: Context,
  named: string | undefined,
  scope: string,
  name: string,
): { readonly origins?: readonly string[] } {
  if (named !== undefined) return { origins: [named] };
  const provider = PROVIDERS.find((known) => known === name);
  if (scope !== "provider" || provider === undefined) return {};
  const config = readConfigFile(context.paths.config);
  const chosen =
    config.ok && config.value.model.provider === provider ? config.value.model.base_url : undefined;
  const base = chosen ?? BASE_URL[provider];
  return base === "" ? {} : { origins: [new URL(base).origin] };
}

function row(entry: EntryInfo): readonly string[] {
  return [
    entry.scope,
    entry.name,
    entry.kind,
    String(entry.version),
    moment(entry.createdMs),
    entry.expiresMs === 0 ? "never" : moment(entry.expiresMs),
    entry.origins.length === 0 ? "its user's own" : entry.origins.join(", "),
  ];
}
