/**
 * The requests of the chat page that become inbound frames: a message, `/stop`, `/again`, an answer to an
 * approval. The gateway has verified the page's signature over these very bytes before one of them runs.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import type { Part } from "#contracts/message.ts";
import type { PageAuth } from "#contracts/page-api.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { AdapterHost, InboundDraft } from "#kit/adapter.ts";
import type { Act } from "#pages/page-app.ts";

export interface ActPorts {
  readonly inbound: AdapterHost["inbound"];
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What differs between them; the rest of an inbound event is the same for each. */
type Event = Pick<InboundDraft, "conversation" | "eventId" | "kind" | "value" | "parts">;

/** The acts by route. Each answers `{status}` once the event is durable. */
export function chatActs(ports: ActPorts): ReadonlyMap<string, Act> {
  const act =
    (read: (body: JsonObject, auth: PageAuth) => Event | undefined): Act =>
    async (body, auth) => {
      const parsed = parseObject(body);
      const event = parsed.ok ? read(parsed.value, auth) : undefined;
      return event === undefined
        ? fail("usage", "the request's body has another shape")
        : deliver(ports, event);
    };
  return new Map([
    ["/api/send", act(readSend)],
    ["/api/stop", act(readWord("stop"))],
    ["/api/again", act(readWord("again"))],
    ["/api/answer", act(readAnswer)],
  ]);
}

async function deliver(ports: ActPorts, event: Event): Promise<Result<string, Fault>> {
  const acked = await ports.inbound({
    ...event,
    messageId: event.eventId,
    senderId: "owner", // whoever holds a key that the gateway registered; there is one person on this page
    displayName: "you",
    thread: "",
    tsMs: ports.now(),
    isGroup: false,
    mentioned: true,
    replyTo: "",
    editOf: "",
  });
  if (acked.ok) return ok(JSON.stringify({ status: acked.value }));
  return fail("unavailable", "the gateway went away before it had the message", {
    hint: "it is safe to send it again",
    reason: "closed",
  });
}

function readSend(body: JsonObject): Event | undefined {
  const [conversation, text, eventId] = [body["conversation"], body["text"], body["eventId"]];
  if (typeof conversation !== "string" || typeof text !== "string" || typeof eventId !== "string")
    return undefined;
  return { conversation, eventId, kind: "message", value: "", parts: textParts(text) };
}

function readWord(word: "stop" | "again"): (body: JsonObject, auth: PageAuth) => Event | undefined {
  return (body, auth) => {
    const conversation = body["conversation"];
    if (typeof conversation !== "string") return undefined;
    return { conversation, eventId: eventIdOf(word, auth), kind: "command", value: `/${word}`, parts: [] };
  };
}

function readAnswer(body: JsonObject, auth: PageAuth): Event | undefined {
  const [conversation, approvalId, verdict] = [body["conversation"], body["approvalId"], body["verdict"]];
  if (typeof conversation !== "string" || typeof approvalId !== "string") return undefined;
  const eventId = eventIdOf("answer", auth);
  if (verdict === "deny") {
    const why = typeof body["why"] === "string" ? body["why"] : "";
    return { conversation, eventId, kind: "button", value: `deny:${approvalId}`, parts: textParts(why) };
  }
  if (verdict !== "approve") return undefined;
  const word = body["remember"] === true ? "approve-remember" : "approve";
  return { conversation, eventId, kind: "button", value: `${word}:${approvalId}`, parts: [] };
}

/** A key's counter is accepted once, so it names the event. */
function eventIdOf(what: string, auth: PageAuth): string {
  return `${what}-${auth.keyId.slice(0, 16)}-${auth.counter}`;
}

function textParts(text: string): readonly Part[] {
  return text === "" ? [] : [{ kind: "text", text }];
}

function parseObject(text: string): Result<JsonObject, "json"> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? ok(value) : err("json");
  } catch {
    return err("json"); // JSON.parse throws for exactly one reason
  }
}
