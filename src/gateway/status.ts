/** What runs, for the pages and `wirken status`; and the verification of the log as it stands. */
import type { Fault } from "#contracts/fault.ts";
import type { AgentId } from "#contracts/ids.ts";
import type { RoleReport } from "#contracts/keeper-link.ts";
import type { PageState, RoleStatus, VerifySummary } from "#contracts/page-api.ts";
import type { StatusView } from "#contracts/control-results.ts";
import type { Result } from "#contracts/result.ts";
import { VERSION } from "#contracts/version.ts";
import { memoryOf } from "#host/memory.ts";
import { agentFor, type Parts } from "./compose.ts";
import type { KeeperClient } from "./keeper-client.ts";
import type { PageLinks } from "./page-links.ts";
import { ELSEWHERE } from "./prompts.ts";

export interface StatusPorts {
  readonly parts: Parts;
  readonly keeper: Pick<KeeperClient, "roles">;
  readonly links: PageLinks;
  readonly startedMs: number;
  readonly ephemeral: boolean;
  readonly logId: string;
  readonly rows: () => number;
  /** Models of an Ollama on this computer; empty when there is none. */
  readonly ollamaModels: () => Promise<readonly string[]>;
  readonly verify: () => Promise<Result<VerifySummary, Fault>>;
}

export class StatusDesk {
  readonly #ports: StatusPorts;

  constructor(ports: StatusPorts) {
    this.#ports = ports;
  }

  verify(): Promise<Result<VerifySummary, Fault>> {
    return this.#ports.verify();
  }

  async pageState(): Promise<PageState> {
    const { parts, ephemeral, rows } = this.#ports;
    const agent = this.#agent();
    const choice = parts.providers.choiceOf(agent);
    const roles = this.roles();
    return {
      version: VERSION,
      agent,
      provider: choice.provider,
      model: choice.model,
      modelWhere: parts.providers.whereOf(agent),
      rehearsal: choice.provider === "rehearsal",
      ollamaModels: choice.provider === "rehearsal" ? await this.#ports.ollamaModels() : [],
      ephemeral,
      walls: [...wallsOf(roles), boxWall(parts.world.box)],
      recordRows: rows(),
      roles,
      approveElsewhere: ELSEWHERE,
      consoleUrl: this.#ports.links.url("console"),
    };
  }

  view(): StatusView {
    const { parts, startedMs, ephemeral, logId, rows, links } = this.#ports;
    const choice = parts.providers.choiceOf(this.#agent());
    return {
      version: VERSION,
      startedMs,
      dataDir: parts.world.paths.root,
      ephemeral,
      provider: choice.provider,
      model: choice.model,
      logId,
      rows: rows(),
      pendingApprovals: parts.approvals.pending().length,
      chatUrl: links.url("chat"),
      consoleUrl: links.url("console"),
      roles: this.roles(),
      box: { enforced: parts.world.box.enforced, detail: parts.world.box.detail },
    };
  }

  roles(): readonly RoleStatus[] {
    const { channels } = this.#ports.parts.configuration.current;
    const isGone = ({ role, state, peerId }: RoleReport): boolean =>
      role === "adapter" && state === "stopped" && peerId !== "webchat" && channels[peerId] === undefined;
    const reports = this.#ports.keeper.roles().filter((report) => !isGone(report));
    return reports.map((report) => {
      const memory = report.pid === 0 ? undefined : memoryOf(report.pid);
      const { role, peerId, pid, state, why, sinceMs, restarts, confinement } = report;
      const rssBytes = memory?.rssBytes ?? 0;
      return {
        role,
        peerId,
        pid,
        state,
        why,
        sinceMs,
        restarts,
        confinement,
        rssBytes,
        pssBytes: memory?.pssBytes ?? 0,
      };
    });
  }

  #agent(): AgentId {
    return agentFor(this.#ports.parts.configuration.current);
  }
}

/** The box is no role's wall: it is what an agent's commands run in. */
function boxWall({ enforced, detail }: Parts["world"]["box"]): PageState["walls"][number] {
  return { name: "box", inForce: enforced, detail };
}

/** A wall is in force where it is in force for every role that names it. */
function wallsOf(roles: readonly RoleStatus[]): PageState["walls"] {
  const byName = Map.groupBy(
    roles.flatMap((role) => role.confinement),
    (wall) => wall.name,
  );
  return [...byName].map(([name, walls]) => {
    const missing = walls.find((wall) => !wall.inForce);
    return { name, inForce: missing === undefined, detail: missing?.detail ?? walls[0]?.detail ?? "" };
  });
}
