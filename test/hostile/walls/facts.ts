/** What a hostile process is told about its surroundings: everything that an insider could find out anyway. */
export interface Facts {
  readonly root: string;
  readonly home: string;
  /** A process of each role that really runs, and a bystander of the same user. */
  readonly pids: Readonly<Record<string, number>>;
  /** The network that the program lives in, as the kernel names it. */
  readonly network: string;
  /** Listeners of ours on 127.0.0.1, for what tries to get out. */
  readonly tcp: number;
  readonly udp: number;
  /** A path socket and an abstract one, as a keychain's bus has. */
  readonly bus: string;
  readonly abstractBus: string;
  /** The executable that everything runs from. */
  readonly program: string;
  /** The folder of the process's own that it may write to. */
  readonly own: string;
  /** Another agent's workspace. */
  readonly otherWorkspace: string;
}

/** True for facts as they were written. */
export function isFacts(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && "root" in value && "pids" in value && "own" in value;
}
