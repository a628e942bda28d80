/** How a server is reached: a program of this computer, or a remote one. Both give a session and say how it ended. */
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import type { Session, SessionEvents } from "./session.ts";

/** How a connection ended. */
export interface End {
  /** We closed it. */
  readonly byUs: boolean;
  readonly fault: Fault;
}

export interface Connected {
  readonly session: Session;
  /** Process of the server's guard; 0 for a remote server. */
  readonly pid: number;
  readonly ended: Promise<End>;
  /** The last lines of the program's error stream; empty for a remote server. */
  stderr(): string;
  /** Why a failure means that the connection is of no more use; `undefined` where it goes on. */
  lostBy(error: unknown): Fault | undefined;
  close(): void;
}

export interface Connector {
  readonly transport: "stdio" | "http";
  /** What it may reach, for people: `none`, `unconfined`, or origins. */
  readonly network: string;
  /** What the last program wrote to its error stream before it ended. */
  lastStderr(): string;
  /** Connects and shakes hands. `refused` and `config` are not tried again by themselves, `auth` asks for a login. */
  open(events: Omit<SessionEvents, "onClose">, stop: AbortSignal): Promise<Result<Connected, Fault>>;
}
