/** What `exec` needs of the box; the gateway has it at the other end of a link. */
import type { BoxReport } from "#contracts/box-link.ts";
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";

export interface BoxOrder {
  readonly agent: string;
  readonly argv: readonly [string, ...string[]];
  /** Relative to the workspace, or absolute in one of the agent's folders. */
  readonly cwd: string;
  /** Real path of the executable. */
  readonly program: string;
  /** The command has a listener in a network of its own, which is handed to `onListener`. */
  readonly network: boolean;
  /** SHA-256 of the launch plan as it was approved; another one is refused. */
  readonly plan: string;
}

export interface BoxWatch {
  readonly signal: AbortSignal;
  readonly onOutput: (bytes: Uint8Array) => void;
  /** Takes the listener of the command's network, an open descriptor. */
  readonly onListener: (descriptor: number) => void;
}

export interface BoxEnd {
  readonly report: BoxReport;
  /** Names the list of what changed, for undo; empty where nothing did or it cannot be undone. */
  readonly changes: string;
  readonly changed: number;
  /** Why what changed cannot be undone; empty where it can. */
  readonly lost: string;
}

export interface BoxPort {
  /** A box was run here and held. */
  readonly enforced: boolean;
  /** Resolves once `enforced` and `detail` say what was found. */
  readonly ready: Promise<void>;
  /** What holds it, or why there is none. */
  readonly detail: string;
  /** Whether the agent's folders can be kept whole as they are now, and why not. */
  look(agent: string): Promise<{ readonly fits: boolean; readonly detail: string }>;
  /** Keeps the folders, runs, says what changed. */
  run(order: BoxOrder, watch: BoxWatch): Promise<Result<BoxEnd, Fault>>;
  /** Puts back what a run changed. */
  undo(agent: string, changes: string): Promise<Result<void, Fault>>;
}
