/**
 * What the launch stub is told: one JSON argument, built by the parent. Neither the environment nor a
 * folder can change it, and it holds no secret. Running the stub by hand gains nothing: it can only take
 * rights away.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type {
  BoxPlan,
  LaunchPlan,
  NetworkPlan,
  PathRule,
  ProcessLimits,
  Rights,
  SocketKinds,
} from "./plan.ts";
import type { GuardLimits } from "./tool-plan.ts";

export interface LaunchOrder {
  readonly plan: LaunchPlan;
  /** Process that gave the order: the stub ends when it is no longer its parent. */
  readonly parent: number;
  /** How many descriptors from 3 on the program keeps; none where the stub dials. */
  readonly keepFds: number;
  /** Present: the stub stays as the guard of the run, and starts a second stub that becomes the program. */
  readonly guard?: GuardLimits;
  /** Where the listener of the plan's network goes, with the number of its run. */
  readonly door?: Door;
}

export interface Door {
  /** A connected Unix socket, closed before the program begins. */
  readonly descriptor: number;
  readonly tag: number;
}

/** Longest order: the kernel takes 128 KiB in one argument. */
export const ORDER_BYTES_MAX = 120_000;

const RIGHTS: readonly Rights[] = ["read", "run", "write", "work", "listen", "device"];
const SOCKETS: readonly SocketKinds[] = ["none", "tcp", "any"];
const ROLES: readonly LaunchPlan["role"][] = [
  "gateway",
  "signer",
  "console",
  "adapter",
  "mcp-proxy",
  "mcp-server",
  "tool",
];

/** The order as an argument. Fails with `limit` when it is too long to be one. */
export function encodeOrder(order: LaunchOrder): Result<string, Fault> {
  const text = JSON.stringify(order);
  if (Buffer.byteLength(text) > ORDER_BYTES_MAX)
    return fail("limit", "the command is too long to be started");
  return ok(text);
}

/** Parses an order; everything unknown or missing is a refusal. */
export function parseOrder(text: string): Result<LaunchOrder, Fault> {
  try {
    const value: unknown = JSON.parse(text);
    return ok(orderOf(value));
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) {
      return err({ code: "usage", message: "the launch order is malformed" });
    }
    throw error;
  }
}

class Malformed extends Error {}

function orderOf(value: unknown): LaunchOrder {
  const order = objectOf(value, ["plan", "parent", "keepFds", "guard", "door"]);
  const guard = order["guard"];
  const parsed = {
    plan: planOf(order["plan"]),
    parent: numberOf(order["parent"]),
    keepFds: numberOf(order["keepFds"]),
    ...(order["door"] === undefined ? {} : { door: doorOf(order["door"]) }),
  };
  if (guard === undefined) return parsed;
  const bounds = objectOf(guard, ["msMax", "memoryBytesMax", "processesMax", "watchMs"]);
  return {
    ...parsed,
    guard: {
      msMax: numberOf(bounds["msMax"]),
      memoryBytesMax: numberOf(bounds["memoryBytesMax"]),
      processesMax: numberOf(bounds["processesMax"]),
      watchMs: numberOf(bounds["watchMs"]),
    },
  };
}

const PLAN_KEYS = [
  "role",
  "program",
  "args",
  "env",
  "secretEnv",
  "cwd",
  "paths",
  "network",
  "unixSockets",
  "box",
  "dial",
  "makesNetworks",
  "startsPrograms",
  "limits",
  "handoff",
  "required",
];

function planOf(value: unknown): LaunchPlan {
  const plan = objectOf(value, PLAN_KEYS);
  const env = objectOf(plan["env"]);
  return {
    role: oneOf(plan["role"], ROLES),
    ...(plan["program"] === undefined ? {} : { program: textOf(plan["program"]) }),
    args: listOf(plan["args"]).map(textOf),
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, textOf(text)])),
    ...(plan["secretEnv"] === undefined ? {} : { secretEnv: listOf(plan["secretEnv"]).map(textOf) }),
    cwd: textOf(plan["cwd"]),
    paths: listOf(plan["paths"]).map(ruleOf),
    network: networkOf(plan["network"]),
    unixSockets: oneOf(plan["unixSockets"], ["none", "listen"]),
    ...(plan["box"] === undefined ? {} : { box: boxOf(plan["box"]) }),
    ...(plan["dial"] === undefined ? {} : { dial: textOf(plan["dial"]) }),
    ...(plan["makesNetworks"] === undefined ? {} : { makesNetworks: booleanOf(plan["makesNetworks"]) }),
    startsPrograms: booleanOf(plan["startsPrograms"]),
    limits: limitsOf(plan["limits"]),
    handoff: listOf(plan["handoff"]).map(textOf),
    required: booleanOf(plan["required"]),
  };
}

function doorOf(value: Json): Door {
  const door = objectOf(value, ["descriptor", "tag"]);
  return { descriptor: numberOf(door["descriptor"]), tag: numberOf(door["tag"]) };
}

function ruleOf(value: Json): PathRule {
  const rule = objectOf(value, ["path", "rights", "make"]);
  const made = rule["make"] === undefined ? {} : { make: oneOf(rule["make"], ["folder", "file"]) };
  return { path: textOf(rule["path"]), rights: oneOf(rule["rights"], RIGHTS), ...made };
}

function boxOf(value: Json): BoxPlan {
  const box = objectOf(value, ["scratch", "tasksMax"]);
  const scratch = listOf(box["scratch"]).map((entry) => {
    const folder = objectOf(entry, ["path", "bytesMax"]);
    return { path: textOf(folder["path"]), bytesMax: numberOf(folder["bytesMax"]) };
  });
  return { scratch, tasksMax: numberOf(box["tasksMax"]) };
}

function networkOf(value: unknown): NetworkPlan {
  const network = objectOf(value, ["connect", "bind", "sockets", "listener"]);
  const ports = (list: Json | undefined): "any" | number[] =>
    list === "any" ? "any" : listOf(list).map(numberOf);
  return {
    connect: ports(network["connect"]),
    bind: ports(network["bind"]),
    sockets: oneOf(network["sockets"], SOCKETS),
    ...(network["listener"] === undefined ? {} : { listener: numberOf(network["listener"]) }),
  };
}

function limitsOf(value: unknown): ProcessLimits {
  const names = ["openFiles", "fileBytes", "dataBytes", "cpuSeconds", "processes"];
  const limits = objectOf(value, names);
  return Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, numberOf(limit)]));
}

function objectOf(value: unknown, keys?: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw new Malformed();
  if (keys !== undefined && Object.keys(value).some((key) => !keys.includes(key))) throw new Malformed();
  return value;
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || !isJsonArray(value)) throw new Malformed();
  return value;
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string" || value.includes("\0")) throw new Malformed();
  return value;
}

function numberOf(value: Json | undefined): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new Malformed();
  return value;
}

function booleanOf(value: Json | undefined): boolean {
  if (typeof value !== "boolean") throw new Malformed();
  return value;
}

function oneOf<const T extends string>(value: Json | undefined, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Malformed();
  return found;
}
