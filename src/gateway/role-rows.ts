/** Rows about the program's own processes: each change of state, and what confines one that was started. */
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { Journal } from "#contracts/journal.ts";
import type { RoleReport } from "#contracts/keeper-link.ts";

/** Writes what the keeper reports. What a process is confined by stands in the record once for each start. */
export class RoleRows {
  readonly #journal: Pick<Journal, "append">;
  readonly #onError: (error: unknown) => void;
  /** By peer id, so bounded by the roles that are known: the state, and the process whose walls are written. */
  readonly #written = new Map<string, { state: string; walled: number }>();

  constructor(journal: Pick<Journal, "append">, onError: (error: unknown) => void) {
    this.#journal = journal;
    this.#onError = onError;
  }

  /** A second after its start a process is reported once more, in the same state, with its walls: only they are new. */
  note(report: RoleReport): void {
    const { role, peerId: peer, pid, state, exitCode, restarts, confinement } = report;
    const known = this.#written.get(peer) ?? { state: "", walled: 0 };
    this.#written.set(peer, known);
    const now = `${state} ${String(pid)} ${String(restarts)}`;
    if (known.state !== now)
      this.#append("adapter_state", { role, peer, state, exit_code: exitCode, restarts });
    known.state = now;
    if (confinement.length === 0 || known.walled === pid) return;
    known.walled = pid;
    const walls = confinement.map(({ name, inForce, detail }) => ({ name, in_force: inForce, detail }));
    this.#append("confinement", { role, peer, walls });
  }

  /** What commands of agents run in, as it was found at this start. */
  noteBox({ enforced, detail }: { readonly enforced: boolean; readonly detail: string }): void {
    const walls = [{ name: "box", in_force: enforced, detail }];
    this.#append("confinement", { role: "tool", peer: "tool", walls });
  }

  #append(kind: "adapter_state" | "confinement", payload: JsonObject): void {
    this.#journal.append([{ session: GATEWAY_LANE, kind, trust: "system", payload }]).catch(this.#onError);
  }
}
