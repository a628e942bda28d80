/**
 * The keeper's link to the gateway: JSON lines over one inherited socket pair, a tiny closed vocabulary. The gateway
 * parses strangers' words, so the keeper takes nothing from it but start, stop and restart of a role it already knows.
 */
import type { RegisteredPeer } from "./frame.ts";
import { PEER_ROLES } from "./frame.ts";
import { isJsonObject } from "./json.ts";
import { type Result, err, ok } from "./result.ts";

/** `failed`: it ended for a reason that has a name, and is tried again or waits for a person. */
export const ROLE_STATES = ["starting", "running", "exited", "backoff", "failed", "stopped"] as const;
export type RoleState = (typeof ROLE_STATES)[number];

/** One mechanism that confines a process. */
export interface Wall {
  readonly name: string;
  readonly inForce: boolean;
  readonly detail: string;
}

/** keeper → gateway: how a role fares. `peerId` is the role's name for gateway and signer. */
export interface RoleReport {
  readonly kind: "role";
  readonly role: string;
  readonly peerId: string;
  /** 0 when no process runs. */
  readonly pid: number;
  readonly state: RoleState;
  /** Unix milliseconds. */
  readonly sinceMs: number;
  /** Exit code of the last end, −1 for a signal, −2 when it never ended. */
  readonly exitCode: number;
  readonly restarts: number;
  readonly confinement: readonly Wall[];
  /** In the state `failed`: why, as a sentence for people. Else empty. */
  readonly why: string;
}

export type FromKeeper =
  | RoleReport
  | ({ readonly kind: "peer" } & RegisteredPeer)
  | { readonly kind: "stop"; readonly reason: string };

export type ToKeeper =
  | { readonly kind: "listening" }
  /** The log is open: it was begun or resumed, and what an operator had accepted was used. */
  | { readonly kind: "opened" }
  | { readonly kind: "start" | "stop" | "restart"; readonly role: string }
  /** Heads are signed and the log is closed: the signer may go. */
  | { readonly kind: "sealed" };

export const KEEPER_LINE_BYTES_MAX = 65_536;

/** Parses a line that the gateway wrote. Unknown words and surplus keys are refused. */
export function parseToKeeper(line: string): Result<ToKeeper, "malformed"> {
  const value = objectOf(line);
  if (value === undefined) return err("malformed");
  const { kind, role } = value;
  if (kind === "listening" || kind === "opened" || kind === "sealed")
    return exactly(value, ["kind"]) ? ok({ kind }) : err("malformed");
  if (kind !== "start" && kind !== "stop" && kind !== "restart") return err("malformed");
  if (typeof role !== "string" || !/^[a-z]{2,16}(:[a-z0-9][a-z0-9-]{0,31})?$/.test(role))
    return err("malformed");
  return exactly(value, ["kind", "role"]) ? ok({ kind, role }) : err("malformed");
}

/** Parses a line that the keeper wrote. The keeper is trusted, but the format is still checked. */
export function parseFromKeeper(line: string): Result<FromKeeper, "malformed"> {
  const value = objectOf(line);
  if (value === undefined) return err("malformed");
  if (value["kind"] === "stop") {
    const reason = value["reason"];
    return typeof reason === "string" && exactly(value, ["kind", "reason"])
      ? ok({ kind: "stop", reason })
      : err("malformed");
  }
  if (value["kind"] === "peer") return parsePeer(value);
  if (value["kind"] === "role") return parseReport(value);
  return err("malformed");
}

function parsePeer(value: { readonly [key: string]: unknown }): Result<FromKeeper, "malformed"> {
  const { peerId, role, channel, instance, publicKey } = value;
  const peerRole = PEER_ROLES.find((known) => known === role);
  if (peerRole === undefined || typeof peerId !== "string" || typeof channel !== "string")
    return err("malformed");
  if (typeof instance !== "string" || typeof publicKey !== "string" || !/^[0-9a-f]{64}$/.test(publicKey)) {
    return err("malformed");
  }
  return ok({ kind: "peer", peerId, role: peerRole, channel, instance, publicKey });
}

function parseReport(value: { readonly [key: string]: unknown }): Result<FromKeeper, "malformed"> {
  const { role, peerId, pid, state, sinceMs, exitCode, restarts, confinement, why } = value;
  const known = ROLE_STATES.find((candidate) => candidate === state);
  if (known === undefined || typeof role !== "string" || typeof peerId !== "string") return err("malformed");
  if (typeof why !== "string") return err("malformed");
  if (typeof pid !== "number" || typeof sinceMs !== "number") return err("malformed");
  if (typeof exitCode !== "number" || typeof restarts !== "number" || !Array.isArray(confinement))
    return err("malformed");
  const walls: Wall[] = [];
  for (const wall of confinement) {
    if (!isJsonObject(wall)) return err("malformed");
    const { name, inForce, detail } = wall;
    if (typeof name !== "string" || typeof inForce !== "boolean" || typeof detail !== "string")
      return err("malformed");
    walls.push({ name, inForce, detail });
  }
  return ok({
    kind: "role",
    role,
    peerId,
    pid,
    state: known,
    sinceMs,
    exitCode,
    restarts,
    confinement: walls,
    why,
  });
}

function objectOf(line: string): { readonly [key: string]: unknown } | undefined {
  if (line.length > KEEPER_LINE_BYTES_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function exactly(value: object, keys: readonly string[]): boolean {
  const own = Object.keys(value);
  return own.length === keys.length && keys.every((key) => own.includes(key));
}
