/** `wirken ask`: one turn from the terminal, in a conversation of its own. */
import type { ControlParams } from "#contracts/control.ts";
import type { ControlResults } from "#contracts/control-results.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { newConversationId, parseAgentId, parseInstanceId } from "#contracts/ids.ts";
import { ok, type Result } from "#contracts/result.ts";
import { textField } from "#session/fields.ts";
import { SessionHandle } from "#session/handle.ts";
import type { TurnOutcome } from "#agent/turn.ts";
import type { Parts } from "./compose.ts";
import type { ControlCall } from "./control-methods.ts";
import { endingNotice, failureParts } from "./turn-endings.ts";

/** Runs the turn; its events go to the caller. A caller that goes away stops it. */
export async function askTurn(
  parts: Parts,
  params: ControlParams<"ask">,
  call: ControlCall,
): Promise<Result<ControlResults["ask"], Fault>> {
  const agent = parseAgentId(params.agent);
  const instance = parseInstanceId("cli");
  if (!agent.ok || !instance.ok || parts.configuration.current.agents[params.agent] === undefined) {
    return fail("not_found", "there is no such agent", { hint: "wirken agents list" });
  }
  // One conversation for each call.
  const platformConversation = newConversationId((count) => parts.world.random.bytes(count));
  const place = {
    agent: agent.value,
    instance: instance.value,
    platformConversation,
    thread: "",
    isGroup: false,
  };
  const handle = SessionHandle.open("cli", await parts.identity.conversation(place));
  const end = parts.hub.subscribe({ kind: "session", session: handle.session }, call.emit);
  const { promise, resolve } = Promise.withResolvers<TurnOutcome | undefined>();
  const owner = parts.people.owner;
  const stop = (): void =>
    void parts.queue.stop(handle.session, { by: "person", person: owner, surface: "cli" });
  try {
    parts.queue.push(handle.session, owner, async (signal) => {
      const text = params.text.toWellFormed();
      resolve(
        await parts.turns.run(
          {
            handle,
            asker: owner,
            text,
            words: text,
            carriesForeign: false,
            inboundSeq: -1,
            replyTo: "",
            operator: true,
            interactive: params.interactive,
          },
          signal,
        ),
      );
    });
    call.signal.addEventListener("abort", stop, { once: true });
    const outcome = await promise;
    if (outcome === undefined) return fail("io", "the record cannot be written; nothing was run");
    if (outcome.kind === "refused") return { ok: false, error: outcome.fault };
    const answer = "text" in outcome ? outcome.text : "";
    const notice =
      outcome.kind === "answered" || outcome.kind === "failed"
        ? ""
        : endingNotice(outcome, "Run it again to ask once more.");
    return ok({
      outcome: outcome.kind,
      answer: [answer, notice].filter((text) => text !== "").join("\n\n"),
      error: outcome.kind === "failed" ? failureParts(outcome) : null,
      session: handle.session,
      denied: deniedOf(parts, handle),
    });
  } finally {
    call.signal.removeEventListener("abort", stop);
    end();
  }
}

/** What the policy refused because nobody could be asked, in words. */
function deniedOf(parts: Parts, handle: SessionHandle<"cli">): readonly string[] {
  const rows = parts.world.journal.readSession(handle.session);
  const refused = new Set(
    rows
      .filter((row) => row.kind === "decision" && textField(row.payload, "verdict") === "deny")
      .map((row) => textField(row.payload, "call")),
  );
  return rows
    .filter((row) => row.kind === "tool_call" && refused.has(textField(row.payload, "call")))
    .map((row) => `${textField(row.content, "verb")} ${textField(row.content, "target")}`.trim());
}
