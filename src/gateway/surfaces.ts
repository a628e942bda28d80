/** What people see the gateway through: the pages' desk and the operator's control socket. */
import type { AuditStore } from "#audit/audit-store.ts";
import type { Fault } from "#contracts/fault.ts";
import { ok, type Result } from "#contracts/result.ts";
import { PROVIDER_TRAITS } from "#agent/models/catalog.ts";
import { ollamaModels } from "#agent/models/ollama.ts";
import { ChatPages } from "./chat-pages.ts";
import type { Parts } from "./compose.ts";
import { ConsolePages } from "./console-pages.ts";
import { listenControl } from "./control.ts";
import { controlTable } from "./control-methods.ts";
import type { GatewayHandoff } from "./handoff-facts.ts";
import type { KeeperClient } from "./keeper-client.ts";
import { publishedKeys, rawRows, verifySummary } from "./log-files.ts";
import { PageLinks } from "./page-links.ts";
import { PageDesk } from "./pages.ts";
import type { SignerClient } from "./signer-client.ts";
import { StatusDesk } from "./status.ts";

export interface SurfacePorts {
  readonly parts: Parts;
  readonly facts: GatewayHandoff;
  readonly store: AuditStore;
  readonly signer: SignerClient;
  readonly startedMs: number;
  readonly ports: {
    readonly keeper: KeeperClient;
    readonly admitsControl: (descriptor: number) => boolean;
  };
  readonly onError: (error: unknown) => void;
}

/** Builds the desks and listens on the control socket. */
export function openSurfaces(
  surface: SurfacePorts,
): Result<{ readonly pages: PageDesk; readonly control: Disposable }, Fault> {
  const { parts, facts, store, signer, ports } = surface;
  const { paths, clock, fetch } = parts.world;
  const links = new PageLinks(parts.pageLogin, { chat: facts.webchatPort, console: facts.consolePort });
  const status = new StatusDesk({
    parts,
    keeper: ports.keeper,
    links,
    startedMs: surface.startedMs,
    ephemeral: facts.ephemeral,
    logId: store.logId,
    rows: () => store.size,
    ollamaModels: async () => {
      const found = await ollamaModels(PROVIDER_TRAITS.ollama.base, { fetch, clock });
      return found.ok ? found.value : [];
    },
    verify: () => verifySummary({ path: paths.auditDb, signer, logId: store.logId, clock }),
  });
  const pages = new PageDesk(
    parts,
    new ChatPages(parts, status),
    new ConsolePages({
      parts,
      links,
      rows: () => store.size,
      rawRows: (after, limit) => rawRows(paths.auditDb, after, limit),
    }),
  );
  const table = controlTable({
    parts,
    status,
    links,
    change: ({ what, role }) => ports.keeper.send({ kind: what, role }),
    keysOf: (agent) => publishedKeys(paths, `agent:${agent}`),
  });
  const { admitsControl: admits } = ports;
  const control = listenControl({ path: paths.controlSocket, table, admits, onError: surface.onError });
  return control.ok ? ok({ pages, control: control.value }) : control;
}
