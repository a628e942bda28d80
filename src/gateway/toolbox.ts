/** What the guard needs of the tools: to name a call as an action, and to perform an action. `tools.ts` binds the real ones. */
import type { Action, Labels } from "#contracts/action.ts";
import type { ModelCall, ToolSpec } from "#contracts/conversation.ts";

/** What a call is classified against. */
export interface ClassifyFacts {
  /** What the asking person typed in this turn. */
  readonly askerWords: string;
}

/** How a performance ended. A tool's own failure is a result; a throw is a bug. */
export interface Performed {
  readonly outcome: "done" | "failed" | "stopped";
  /** What the model is given; capped. */
  readonly text: string;
  /** A closed code of a failure, or empty. */
  readonly code: string;
  readonly exitCode: number | undefined;
  /** What the output may carry into the session. */
  readonly labels: Labels;
  /** The old bytes were kept: `undo` can bring them back. */
  readonly undoable: boolean;
}

/** Where an action would run and what would be left of it, in words for the approver. */
export interface Surroundings {
  /** "workspace", "no box yet, as user ana"; empty where nothing is launched. */
  readonly where: string;
  readonly unboxed: boolean;
  /** "Yes, …" or "No". */
  readonly undo: string;
}

export interface Toolbox {
  readonly specs: readonly ToolSpec[];
  /** Total: what is not understood is `unknown_tool`. Reads, and changes nothing. */
  classify(call: ModelCall, facts: ClassifyFacts): Promise<Action>;
  describe(action: Action): Surroundings;
  /** Performs; `onLine` is given the newest line of output. */
  perform(action: Action, signal: AbortSignal, onLine: (line: string) => void): Promise<Performed>;
}
