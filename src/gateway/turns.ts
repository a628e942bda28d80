/**
 * A turn from a person's words to the signed head: wake from the log, ask the model, act through the guard, answer
 * through the handle. Holds nothing between turns.
 */
import { hash } from "node:crypto";
import type { Model } from "#agent/models/model.ts";
import { scrubbedModel } from "#agent/models/scrubbed-model.ts";
import { systemPrompt } from "#agent/system-prompt.ts";
import { runTurn, type ToolTable, toolTable, type TurnOutcome } from "#agent/turn.ts";
import type { Origin } from "#contracts/action.ts";
import type { NewRow, Row } from "#contracts/audit-event.ts";
import type { Channel } from "#contracts/channel.ts";
import type { ModelCall } from "#contracts/conversation.ts";
import type { Fault } from "#contracts/fault.ts";
import { type AgentId, newCallId, newTurnId, type PersonId } from "#contracts/ids.ts";
import { jcs, type JsonObject } from "#contracts/json.ts";
import type { Result } from "#contracts/result.ts";
import type { Scrubber } from "#contracts/scrubber.ts";
import { type Profile, profileJson } from "#policy/profile.ts";
import { textField } from "#session/fields.ts";
import type { SessionHandle } from "#session/handle.ts";
import { healingRows } from "#session/heal.ts";
import { labelsOf, messagesOf } from "#session/history.ts";
import type { Recalled } from "./again.ts";
import type { Egress } from "./egress.ts";
import { RECORD_UNWRITABLE } from "./error-parts.ts";
import type { EventHub } from "./events.ts";
import { type GuardPorts, TurnGuard } from "./guard.ts";
import { injectionCodes } from "./injection.ts";
import { type CallOutput, liveOutput } from "./live-output.ts";
import { stopFields, stopOf } from "./turn-stop.ts";
import type { Toolbox } from "./toolbox.ts";
import { LabelBox, type TurnFacts } from "./turn-facts.ts";
import { endContent, endFields, endingNotice } from "./turn-endings.ts";
import { blobRow, textsWithoutBlob, TurnRecord } from "./turn-record.ts";

/** What a person asked. */
export interface TurnRequest<C extends Channel> {
  readonly handle: SessionHandle<C>;
  readonly asker: PersonId;
  /** What the model reads. */
  readonly text: string;
  /** What the asker typed themselves. */
  readonly words: string;
  /** The text holds more than the asker's own words. */
  readonly carriesForeign: boolean;
  /** Seq of the `inbound` row, -1 for a turn from the terminal. */
  readonly inboundSeq: number;
  readonly replyTo: string;
  /** Set for words that run once more: the turn that nobody answered, and who asks again. */
  readonly again?: Recalled["again"] | undefined;
  readonly operator: boolean;
  readonly interactive: boolean;
}

export interface TurnsPorts extends Omit<GuardPorts, "toolbox" | "outputOf"> {
  readonly egress: Egress;
  readonly hub: EventHub;
  readonly toolboxOf: (agent: AgentId) => Result<Toolbox, Fault>;
  readonly modelOf: (agent: AgentId) => Result<Model, Fault>;
  /** Takes the secrets of this process out of what a model answers. */
  readonly scrubber: Scrubber;
  readonly profileOf: (agent: AgentId) => Profile;
  readonly instructionsOf: (agent: AgentId) => string;
  readonly onError: (error: unknown) => void;
}

/** What an agent works with in one turn: read once, so that the record and the request hold the same text. */
interface Means {
  readonly system: string;
  readonly toolbox: Result<Toolbox, Fault>;
  readonly tools: ToolTable;
  readonly texts: readonly string[];
}

export class Turns {
  readonly #ports: TurnsPorts;

  constructor(ports: TurnsPorts) {
    this.#ports = ports;
  }

  /** Runs a turn to its end. Rejects never: what goes wrong is told to the person and to `onError`. */
  async run<C extends Channel>(
    request: TurnRequest<C>,
    signal: AbortSignal,
  ): Promise<TurnOutcome | undefined> {
    const { handle } = request;
    this.#ports.egress.activity(handle, true);
    try {
      return await this.#recorded(request, signal);
    } catch (error) {
      // A row could not be written, so nothing that it would have allowed has happened. The person is told over the
      // connection alone: there is no log to put the notice into.
      this.#ports.onError(error);
      this.#tellUnwritable(request);
      return undefined;
    } finally {
      this.#ports.egress.activity(handle, false);
    }
  }

  async #recorded<C extends Channel>(request: TurnRequest<C>, signal: AbortSignal): Promise<TurnOutcome> {
    const { journal } = this.#ports;
    const { handle } = request;
    const means = this.#meansOf(handle.place.agent);
    const before = await this.#healed(handle);
    const { facts, rows } = await this.#begin(request, before, means.texts);
    const outcome = await this.#ask(request, { facts, rows, means }, signal);
    await this.#append(facts, "turn_ended", endFields(outcome), endContent(outcome));
    if (outcome.kind === "stopped") {
      await this.#append(facts, "turn_cancelled", stopFields(stopOf(signal)));
    }
    await this.#answer(request, outcome);
    await journal.sealTurn(handle.session, "turn");
    return outcome;
  }

  /** What the agent works with in this turn. `texts`: what every request repeats, kept once in a `blob` row each. */
  #meansOf(agent: AgentId): Means {
    const system = systemPrompt({ agent, instructions: this.#ports.instructionsOf(agent) });
    const toolbox = this.#ports.toolboxOf(agent);
    const tools = toolTable(toolbox.ok ? toolbox.value.specs : []);
    return { system, toolbox, tools, texts: toolbox.ok ? [system, tools.text] : [] };
  }

  /**
   * The session's rows. A turn that ended in the middle (the log could not be written) is closed before the next one
   * begins.
   */
  async #healed<C extends Channel>(handle: SessionHandle<C>): Promise<readonly Row[]> {
    const rows = this.#ports.journal.readSession(handle.session);
    const [first, ...rest] = healingRows(handle.session, rows, "turn");
    if (first === undefined) return rows;
    await this.#ports.journal.append([first, ...rest]);
    return this.#readOn(handle, rows);
  }

  /** `rows` and everything that stands behind them by now, whoever wrote it: committed rows keep their place. */
  #readOn<C extends Channel>(handle: SessionHandle<C>, rows: readonly Row[]): readonly Row[] {
    const fromSeq = (rows.at(-1)?.seq ?? -1) + 1;
    return [...rows, ...this.#ports.journal.readSession(handle.session, fromSeq)];
  }

  /** Writes that the turn began, with the texts that its requests will name, in one commit. */
  async #begin<C extends Channel>(
    request: TurnRequest<C>,
    before: readonly Row[],
    texts: readonly string[],
  ): Promise<{ readonly facts: TurnFacts<C>; readonly rows: readonly Row[] }> {
    const { journal, profileOf } = this.#ports;
    const { handle, asker } = request;
    const turn = newTurnId((count) => this.#ports.random.bytes(count));
    const profile = profileOf(handle.place.agent);
    const codes = injectionCodes(request.text);
    const origins: readonly Origin[] = request.carriesForeign ? ["owner", "stranger"] : ["owner"];
    const row = (kind: NewRow["kind"], trust: NewRow["trust"], payload: JsonObject): NewRow => ({
      session: handle.session,
      kind,
      trust,
      payload: { turn, ...payload },
    });
    const policy = hash("sha256", jcs(profileJson(profile)), "hex");
    const message = {
      asker,
      profile_hash: policy,
      inbound: request.inboundSeq,
      origins: [...origins],
      ...againFields(request),
    };
    await journal.append([
      row("turn_started", "system", { agent: handle.place.agent, asker }),
      { ...row("user_message", "user", message), content: { text: request.text } },
      ...codes.map((detector) => row("injection_flag", "system", { detector })),
      ...textsWithoutBlob(before, texts).map((text) => blobRow(handle.session, turn, text)),
    ]);
    const rows = this.#readOn(handle, before);
    const facts = {
      turn,
      handle,
      asker,
      askerWords: request.words,
      profile,
      operator: request.operator,
      interactive: request.interactive,
      injectionFlags: new Set(flagsOf(rows)),
      labels: new LabelBox(labelsOf(rows)),
      heard: askersOf(rows),
    };
    return { facts, rows };
  }

  async #ask<C extends Channel>(
    request: TurnRequest<C>,
    begun: { readonly facts: TurnFacts<C>; readonly rows: readonly Row[]; readonly means: Means },
    signal: AbortSignal,
  ): Promise<TurnOutcome> {
    const { place } = request.handle;
    const { facts, rows, means } = begun;
    const model = this.#ports.modelOf(place.agent);
    if (!model.ok) return { kind: "refused", fault: model.error };
    if (!means.toolbox.ok) return { kind: "refused", fault: means.toolbox.error };
    const toolbox = means.toolbox.value;
    const conversation = place.platformConversation;
    const plain: TurnFacts = { ...facts, handle: request.handle.anyChannel };
    const record = new TurnRecord(this.#ports, plain, rows);
    const guard = new TurnGuard({ ...this.#ports, toolbox, outputOf: this.#outputsOf(plain) }, plain);
    return runTurn(
      {
        model: scrubbedModel(model.value, this.#ports.scrubber, (found) => record.secrets(found)),
        journal: record,
        guard,
        emit: (event) => {
          if (event.type !== "text_delta") return;
          const { turn } = facts;
          this.#ports.hub.publish(place, { type: "text_delta", conversation, turn, text: event.text });
        },
        newCallId: () => newCallId((count) => this.#ports.random.bytes(count)),
      },
      {
        system: means.system,
        history: messagesOf(rows),
        tools: means.tools,
        signal,
      },
    );
  }

  /** Lines of a running call go to whoever follows the conversation, and into no row. */
  #outputsOf({ turn, handle }: TurnFacts): (call: ModelCall) => CallOutput {
    const { place } = handle;
    const conversation = place.platformConversation;
    return ({ id: call }) =>
      liveOutput(this.#ports.clock, (raw, skipped) => {
        const lines = raw.map((line) => this.#ports.scrubber.text(line, new Map()));
        this.#ports.hub.publish(place, { type: "output", conversation, turn, call, lines, skipped });
      });
  }

  async #answer<C extends Channel>({ handle, replyTo }: TurnRequest<C>, outcome: TurnOutcome): Promise<void> {
    const { egress } = this.#ports;
    const kept = "text" in outcome ? outcome.text : "";
    if (outcome.kind === "answered" && kept !== "") {
      await egress.reply(handle, { text: kept, purpose: "answer", replyTo });
      return;
    }
    const notice = endingNotice(outcome, "Send /again to ask once more.");
    // Pages show how a turn ended from its own rows; a chat app needs it said.
    if (handle.channel === "webchat" || handle.channel === "cli" || notice === "") return;
    const text = kept === "" ? notice : `${kept}\n\n${notice}`;
    await egress.reply(handle, { text, purpose: "notice", replyTo });
  }

  async #append<C extends Channel>(
    facts: TurnFacts<C>,
    kind: NewRow["kind"],
    payload: JsonObject,
    content?: JsonObject,
  ): Promise<void> {
    const { handle, turn } = facts;
    const row: NewRow = { session: handle.session, kind, trust: "system", payload: { turn, ...payload } };
    await this.#ports.journal.append([content === undefined ? row : { ...row, content }]);
  }

  #tellUnwritable<C extends Channel>({ handle, replyTo }: TurnRequest<C>): void {
    const { place } = handle;
    const { happened, remedy } = RECORD_UNWRITABLE;
    this.#ports.hub.publish(place, {
      type: "item",
      conversation: place.platformConversation,
      item: { type: "error", tsMs: this.#ports.clock.now(), row: 0, error: RECORD_UNWRITABLE },
    });
    this.#ports.egress.unrecorded(handle, `${happened} ${remedy}`, replyTo);
  }
}

function againFields({ again }: Pick<TurnRequest<Channel>, "again">): JsonObject {
  return again === undefined ? {} : { again_of: again.turn, again_by: again.person, again_on: again.surface };
}

/** Persons whose words the model reads in this session. */
function askersOf(rows: readonly Row[]): readonly string[] {
  const askers = rows
    .filter((row) => row.kind === "user_message")
    .map((row) => textField(row.payload, "asker"));
  return [...new Set(askers)];
}

function flagsOf(rows: readonly Row[]): readonly string[] {
  return rows.filter((row) => row.kind === "injection_flag").map((row) => textField(row.payload, "detector"));
}
