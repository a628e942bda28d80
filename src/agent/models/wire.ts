/**
 * What the providers' message formats share: ids of calls on the wire, arguments as an object, groups of
 * results.
 */
import type { ModelCall, ModelMessage } from "#contracts/conversation.ts";
import type { CallId } from "#contracts/ids.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { parsedJson } from "./json-path.ts";

/** Deeper arguments are sent back as text: a provider's own parser need not bear them. */
const DEPTH_MAX = 64;

/**
 * The id of each call on the wire: the provider's own where it is usable and not yet taken, else ours. A
 * model that gives two calls one id, or none, so cannot make a conversation that the provider refuses for
 * ever after.
 */
export function wireIds(messages: readonly ModelMessage[]): ReadonlyMap<CallId, string> {
  const ids = new Map<CallId, string>();
  const taken = new Set<string>();
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    for (const { id, providerId } of message.calls) {
      const usable = /^[A-Za-z0-9_-]{1,64}$/.test(providerId) && !taken.has(providerId);
      const wire = usable ? providerId : id;
      taken.add(wire);
      ids.set(id, wire);
    }
  }
  return ids;
}

/** The wire id of a call that stands in the messages. */
export function wireId(ids: ReadonlyMap<CallId, string>, call: CallId): string {
  return ids.get(call) ?? call;
}

/**
 * The arguments as an object, for formats that take no text; what is no object stands whole under one name.
 */
export function argsObject({ args }: ModelCall): JsonObject {
  const value = parsedJson(args);
  return isJsonObject(value) && depthWithin(value, DEPTH_MAX) ? value : { malformed_arguments: args };
}

function depthWithin(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return left > 0 && Object.values(value).every((member) => depthWithin(member, left - 1));
}

/** The exact bytes of a body; lone surrogates become U+FFFD, which no provider refuses. */
export function bodyBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, (_, member) => wellFormed(member)));
}

function wellFormed(member: unknown): unknown {
  return typeof member === "string" ? member.toWellFormed() : member;
}
