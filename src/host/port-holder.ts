/** Whether a TCP port of this computer is free to listen on, and who holds one that is not. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

const HOSTNAME = "127.0.0.1";
const LISTENING = "0A";
const NAME_LENGTH_MAX = 32;

/** Who listens on a port. Both are unknown where the system does not tell us of another user's program. */
export interface PortHolder {
  readonly pid: number | undefined;
  /** What the process calls itself: printable ASCII. */
  readonly name: string | undefined;
}

/** Who keeps us from listening on 127.0.0.1 at `port`; `undefined` when nobody does. Port 0 is always free. */
export function portHolder(port: number): PortHolder | undefined {
  if (port === 0 || isFree(port)) return undefined;
  const pid = holderPid(port);
  return { pid, name: pid === undefined ? undefined : nameOf(pid) };
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: HOSTNAME, port, exclusive: true, socket: { data: () => undefined } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** Linux: the process with a descriptor of the socket that listens on the port. */
function holderPid(port: number): number | undefined {
  const sockets = ["tcp", "tcp6"].flatMap((table) => listeners(table, port));
  if (sockets.length === 0) return undefined;
  const links = new Set(sockets.map((inode) => `socket:[${inode}]`));
  return entriesOf("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => entriesOf(`/proc/${pid}/fd`).some((fd) => links.has(linkOf(`/proc/${pid}/fd/${fd}`))));
}

/** Inode numbers of sockets that listen on the port, in one of the kernel's tables. */
function listeners(table: string, port: number): readonly string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return textOf(`/proc/net/${table}`)
    .split("\n")
    .flatMap((line) => {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      return local.endsWith(end) && state === LISTENING && inode !== undefined ? [inode] : [];
    });
}

/** A process may call itself anything: what is not printable is left out. */
function nameOf(pid: number): string | undefined {
  const name = textOf(`/proc/${pid}/comm`)
    .replaceAll(/[^ -~]/g, "")
    .trim();
  return name === "" ? undefined : name.slice(0, NAME_LENGTH_MAX);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // another user's process, or one that is gone
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
