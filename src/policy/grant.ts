/**
 * Stored permissions (docs: policy). "Tier 3 always asks" is a type: a grant is made of a `StorableAction`,
 * and the only way to one leads through the kinds named here and the tier of the call at hand. The keys are
 * never wider than the page's table. A reading command is stored with the folder that it reads: a permission
 * for a folder above it covers it too.
 */
import type { Action, ActionKind, ActionOf } from "#contracts/action.ts";
import { unreachable } from "#contracts/result.ts";
import type { GrantId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Grant } from "#contracts/verdict.ts";
import type { Tiering } from "./tier.ts";

/** Kinds that have a row in the page's column "storable grant"; the rest is never stored. */
export const STORABLE_KINDS = [
  "shell_inspect",
  "external_file_read",
  "file_send",
  "cross_conversation_message",
  "boxed_exec",
  "network_request",
  "mcp_call",
  "wasm_call",
  "spawn_subagent",
] as const satisfies readonly ActionKind[];
export type StorableKind = (typeof STORABLE_KINDS)[number];

/** Who is asking, where, of which agent: a grant holds for exactly one of these. */
export interface GrantScope {
  readonly agent: string;
  readonly channel: string;
  readonly person: string;
}

const MINT = Symbol("StorableAction");
const MS_PER_DAY = 86_400_000;

/** A Tier 2 call that may be remembered. Sealed: `StorableAction.of` is the only way to one. */
export class StorableAction {
  readonly #kind: StorableKind;
  readonly key: string;

  constructor(mint: typeof MINT, kind: StorableKind, key: string) {
    if (mint !== MINT) throw new TypeError("StorableAction is sealed: use StorableAction.of");
    this.#kind = kind;
    this.key = key;
    Object.freeze(this);
  }

  /**
   * The storable form of a call, or `undefined`: tier other than 2, a lowering for once, or a kind without
   * a key.
   */
  static of(action: Action, tiering: Tiering): StorableAction | undefined {
    if (tiering.tier !== 2 || tiering.once || !isStorable(action)) return undefined;
    const key = grantKeyOf(action);
    return key === undefined ? undefined : new StorableAction(MINT, action.kind, key);
  }

  /** True for values that `of` made: a look-alike object is not one. */
  static is(value: unknown): value is StorableAction {
    return typeof value === "object" && value !== null && #kind in value;
  }

  /** Longest life of a grant of this kind in milliseconds. */
  get longestMs(): number {
    return this.#kind === "boxed_exec" ? LIMITS.box_grant_ms_max : LIMITS.grant_days_max * MS_PER_DAY;
  }
}

/**
 * The key under which permission for a call is stored, or `undefined` for a call that is never stored.
 * Keys are injective: parts are a JSON array, so no part can run into the next.
 */
export function grantKeyOf(action: Action): string | undefined {
  if (!isStorable(action)) return undefined;
  switch (action.kind) {
    case "shell_inspect":
      return inspectKey(action, action.within);
    case "external_file_read":
      return key(action.kind, [action.path]);
    case "file_send":
      return action.toAsker ? undefined : key(action.kind, [action.conversation]);
    case "cross_conversation_message":
      return key(action.kind, [action.channel, action.conversation, action.recipient]);
    // Whatever is run: the box is what is trusted, so another box is another permission.
    case "boxed_exec":
      return key(action.kind, [action.cwd, ...action.folders.flatMap(({ access, path }) => [access, path])]);
    case "network_request":
      return isReading(action)
        ? key(action.kind, [action.method, action.scheme, action.host.toLowerCase(), String(action.port)])
        : undefined;
    case "mcp_call":
      return action.readOnly
        ? key(action.kind, [action.server, action.mcpTool, action.definition])
        : undefined;
    case "wasm_call":
      return action.pinned ? key(action.kind, [action.skill, action.sha256]) : undefined;
    case "spawn_subagent":
      return key(action.kind, [action.agent, String(action.ceiling)]);
    default:
      return unreachable(action);
  }
}

/**
 * Makes a grant. Takes only what was proven storable, so no caller can store a Tier 3 action.
 * @param days lifetime; at most 365, for a box at most 8 hours; must be above 0
 * @throws TypeError for anything but a `StorableAction`, RangeError for a lifetime of 0 or less: the
 * configuration refuses it before
 */
export function newGrant(
  storable: StorableAction,
  scope: GrantScope,
  id: GrantId,
  nowMs: number,
  days: number,
): Grant {
  if (!StorableAction.is(storable)) throw new TypeError("a grant is made of a StorableAction");
  if (!(days > 0)) throw new RangeError("a grant lasts longer than nothing");
  const lifeMs = Math.min(Math.floor(days * MS_PER_DAY), storable.longestMs);
  return { id, actionKey: storable.key, ...scopeOf(scope), createdMs: nowMs, expiresMs: nowMs + lifeMs };
}

/** The grant in force for a call, if its scope and key match one that has not expired. */
export function findGrant(
  grants: readonly Grant[],
  action: Action,
  tiering: Tiering,
  scope: GrantScope,
  nowMs: number,
): Grant | undefined {
  const storable = StorableAction.of(action, tiering);
  if (storable === undefined) return undefined;
  const covering = action.kind === "shell_inspect" ? inspectCoverage(action) : [storable.key];
  return grants.find(
    (grant) =>
      covering.includes(grant.actionKey) &&
      grant.agent === scope.agent &&
      grant.channel === scope.channel &&
      grant.person === scope.person &&
      grant.createdMs <= nowMs &&
      nowMs < grant.expiresMs,
  );
}

/** Keys of the permissions that cover a reading command: for the folder it reads, and for each one above. */
function inspectCoverage(action: ActionOf<"shell_inspect">): readonly string[] {
  const segments = action.within === "" ? [] : action.within.split("/");
  const folders = segments.map((_, at) => segments.slice(0, at + 1).join("/"));
  return ["", ...folders].map((folder) => inspectKey(action, folder));
}

/** The folder, then every program with what it is used for, whatever the flags: all of them only read. */
function inspectKey(action: ActionOf<"shell_inspect">, folder: string): string {
  const uses = new Map(
    [
      ...action.commands,
      ...(action.script === "" ? [] : [{ verb: "sh", executable: action.executable }]),
    ].map(
      ({ verb, executable: { path, sha256 } }) =>
        [JSON.stringify([verb, path, sha256]), [verb, path, sha256]] as const,
    ),
  );
  const sorted = [...uses].sort(([one], [other]) => (one < other ? -1 : 1));
  return key(action.kind, [folder, ...sorted.flatMap(([, parts]) => parts)]);
}

function isStorable(action: Action): action is ActionOf<StorableKind> {
  return STORABLE_KINDS.some((kind) => kind === action.kind);
}

function isReading(action: ActionOf<"network_request">): boolean {
  return (action.method === "GET" || action.method === "HEAD") && action.bodyBytes === 0;
}

function key(kind: StorableKind, parts: readonly string[]): string {
  return `${kind}:${JSON.stringify(parts)}`;
}

function scopeOf({ agent, channel, person }: GrantScope): GrantScope {
  return { agent, channel, person };
}
