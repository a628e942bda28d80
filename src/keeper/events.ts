/** What the keeper tells whoever runs it: the CLI prints it, tests read it. No event carries a secret. */
import type { Fault } from "#contracts/fault.ts";
import type { RoleReport } from "#contracts/keeper-link.ts";
import type { Keeping } from "./vault-door.ts";

export type KeeperEvent =
  /** Where the vault's key is kept; `none`: signing keys live for this run and a new log is begun. */
  | { readonly kind: "vault"; readonly keeping: Keeping }
  /** Sealed state of a vault that is gone was put aside in the data folder. */
  | { readonly kind: "state_aside" }
  /** Processes of an earlier keeper that was killed were ended. */
  | { readonly kind: "leftovers"; readonly count: number }
  | { readonly kind: "role"; readonly report: RoleReport }
  /** The gateway listens; its socket and control.sock answer. */
  | { readonly kind: "listening" }
  /** Every role of the start has run. */
  | { readonly kind: "ready" }
  /** A configured channel was not started. */
  | { readonly kind: "skipped"; readonly role: string; readonly fault: Fault }
  /** A start that failed, or a word of the gateway that was refused. */
  | { readonly kind: "fault"; readonly role: string; readonly fault: Fault }
  | { readonly kind: "stopping"; readonly reason: string }
  /**
   * `sealed`: the gateway had signed its heads and closed the log. `ended`: processes that had to be
   * killed.
   */
  | { readonly kind: "stopped"; readonly sealed: boolean; readonly ended: number };
