/** The two ports that pages are served on: whether they are free, and what a person is told when one is not. */
import type { PlannedRole } from "#confine/role-plans.ts";
import { type Fault, fault } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type RoleEndName, endFault } from "#contracts/role-end.ts";
import type { PortHolder } from "#host/port-holder.ts";

export interface PagePorts {
  readonly webchatPort: number;
  readonly consolePort: number;
}

/** Who listens on a port of this computer; `undefined`: nobody. */
export type HolderOf = (port: number) => PortHolder | undefined;

interface Page {
  readonly name: string;
  readonly variable: string;
  readonly port: number;
}

const FURTHER = 10_000;

/** Fails with reason `port_taken` when a page could not be served, naming the port, its holder and the way out. */
export function freePorts(ports: PagePorts, holderOf: HolderOf): Result<void, Fault> {
  for (const page of [chatOf(ports), consoleOf(ports)]) {
    const holder = holderOf(page.port);
    if (holder !== undefined) return err(takenFault(page, holder));
  }
  return ok(undefined);
}

/** Why a role failed, for people: of a port that was taken also which one, and by whom. */
export function failureOf(role: PlannedRole, end: RoleEndName, ports: PagePorts, holderOf: HolderOf): Fault {
  if (end !== "port_taken") return endFault(end);
  const page = role.kind === "console" ? consoleOf(ports) : chatOf(ports);
  return takenFault(page, holderOf(page.port) ?? { pid: undefined, name: undefined });
}

function takenFault({ name, variable, port }: Page, holder: PortHolder): Fault {
  const other = port + FURTHER <= 65_535 ? port + FURTHER : port - FURTHER;
  const pid = holder.pid === undefined ? "" : ` (pid ${holder.pid})`;
  return fault(
    "unavailable",
    `port ${port} of the ${name} is taken by ${holder.name ?? "another program"}${pid}`,
    {
      reason: "port_taken",
      hint: `end that program, or choose another port: ${variable}=${other} wirken run`,
    },
  );
}

function chatOf({ webchatPort: port }: PagePorts): Page {
  return { name: "chat", variable: "WIRKEN_WEBCHAT_PORT", port };
}

function consoleOf({ consolePort: port }: PagePorts): Page {
  return { name: "console", variable: "WIRKEN_CONSOLE_PORT", port };
}
