/**
 * What a tool is. It turns the model's arguments into an Action, and performs an Action; it decides nothing. What is
 * performed comes from the Action and the body whose hash the Action carries: never from the model's JSON again.
 */
import type { Action, ActionBase } from "#contracts/action.ts";
import type { AgentFolder } from "#contracts/agent-folders.ts";
import type { CallId } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { Result } from "#contracts/result.ts";
import type { BeneathRoot } from "#host/beneath.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import type { Resolve } from "#broker/address.ts";
import type { EgressVerdict } from "#broker/broker.ts";
import type { Dial } from "#broker/wires.ts";
import type { BoxPort } from "./box-port.ts";
import type { GivenFolders } from "./folder-port.ts";
import type { HttpPort } from "./http-port.ts";
import type { Snapshots } from "./snapshots.ts";
import type { ToolCredentials } from "./tool-credential.ts";

/** The box of an agent's commands, as it is for the call at hand. */
export interface BoxContext {
  readonly port: BoxPort;
  readonly agent: string;
  readonly paths: Pick<DataPaths, "workspace" | "boxHome">;
  /** What the operator gave the agent beside its workspace. */
  readonly folders: readonly AgentFolder[];
  /** Why this agent's commands cannot run in it now, for people; empty when they can. */
  readonly missing: string;
}

/** What tools work with: one agent's workspace and the ports to the outside. */
export interface ToolContext {
  readonly workspace: BeneathRoot;
  /** Absolute path of the workspace, for commands. */
  readonly workspacePath: string;
  readonly snapshots: Snapshots;
  /** Folder in which each command gets one of its own for temporary files. */
  readonly temporaryFolder: string;
  readonly dataRoot: string;
  readonly self: Self;
  /** Commands run only where they can be confined. */
  readonly confinementRequired: boolean;
  /** This machine can hold a command to reading (Landlock). Without it no command counts as reading. */
  readonly confinesReading: boolean;
  readonly box: BoxContext;
  /** Folders outside the workspace, and what was seen there for the call at hand. */
  readonly given: GivenFolders;
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpPort;
  readonly resolve: Resolve;
  /** Connects to a judged address, for the broker. */
  readonly dial: Dial;
  /** Hosts that may lie at a private address, because the operator listed them. */
  readonly privateHosts: readonly string[];
  /** What a request may be given on its way out. */
  readonly credentials: ToolCredentials;
  /** The URL stands, whole, in what the asker typed in this turn. */
  readonly typedByAsker: (url: string) => boolean;
}

/** A classified call: what is decided, approved, recorded and performed. */
export interface Prepared {
  readonly action: Action;
  /** Bytes to be written or sent. Their hash stands in the action. */
  readonly body?: Uint8Array;
  /** Present: it cannot be performed, for this reason; the action matches nothing that a policy allows. */
  readonly refusal?: string;
}

export interface Undo {
  readonly path: string;
  /** SHA-256 of the kept old bytes; empty where there was no file. */
  readonly before: string;
  /** SHA-256 of what was written. */
  readonly after: string;
}

/** What undoes a change that the box role made or let be made. */
export interface BoxUndo {
  /** Names the list of what was changed. */
  readonly changes: string;
  readonly changed: number;
}

export interface ToolOutcome {
  readonly ok: boolean;
  /** For the model and the row: capped, well-formed, not made visible. */
  readonly output: string;
  /** UTF-8 bytes of the whole output before it was capped. */
  readonly bytes: number;
  readonly truncated: boolean;
  /** A stable word for a failure: `changed`, `not_found`, `time`, … */
  readonly code?: string;
  readonly exitCode?: number;
  readonly undo?: Undo;
  /** The same for what the box role changed: a command in the box, a file of a given folder. */
  readonly boxUndo?: BoxUndo;
  /** Inputs from which `replay.ts` makes the same output again. */
  readonly recorded?: JsonObject;
  /** Where the server wants us to go; a new call, judged anew. */
  readonly redirect?: string;
}

export interface Performance {
  readonly signal: AbortSignal;
  /** Each line of a running command as it ends. */
  readonly onLine: (line: string) => void;
  /** Resolves once a verdict about the network is on record; until then nothing goes out. */
  readonly onEgress: (verdict: EgressVerdict) => Promise<void>;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, for the model. */
  readonly schema: JsonObject;
  /** The Action of the call; a failure is a sentence for the model. */
  prepare(args: JsonObject, call: CallId, context: ToolContext): Result<Prepared, string>;
  perform(prepared: Prepared, context: ToolContext, performance: Performance): Promise<ToolOutcome>;
}

/** A tool as its file defines it: parsed arguments between the two steps. */
export interface ToolDefinition<Args> {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonObject;
  parse(args: JsonObject): Result<Args, string>;
  classify(args: Args, base: BaseOf, context: ToolContext): Prepared;
  perform(prepared: Prepared, context: ToolContext, performance: Performance): Promise<ToolOutcome>;
}

/** Builds what every action carries, from the arguments after defaults. `plan` only where something is launched. */
export type BaseOf = (args: JsonObject, plan?: string) => ActionBase;

/** Closes a definition over its own argument type, so that a table can hold tools of different ones. */
export function defineTool<Args>(definition: ToolDefinition<Args>): Tool {
  return {
    name: definition.name,
    description: definition.description,
    schema: definition.schema,
    prepare: (args, call, context) => {
      const parsed = definition.parse(args);
      if (!parsed.ok) return parsed;
      const base: BaseOf = (complete, plan = "") => ({ call, tool: definition.name, args: complete, plan });
      return { ok: true, value: definition.classify(parsed.value, base, context) };
    },
    perform: (prepared, context, performance) => definition.perform(prepared, context, performance),
  };
}
