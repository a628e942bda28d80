/**
 * The box role (hidden `wirken box`): started by the keeper beside the gateway, because what runs under Landlock cannot
 * mount, and a box is made of mounts. It holds no secret, has no network and can make no socket, and of the data folder
 * it sees agents and the operator's list alone; it takes from the gateway what stands in `contracts/box-link.ts` and
 * ends with it.
 */
import { BOX_LINE_BYTES_MAX, DOOR_FD, type FromBox, parseToBox } from "#contracts/box-link.ts";
import { FAULT_EXIT } from "#contracts/fault.ts";
import { LINK_FD } from "#contracts/handoff.ts";
import { applyLimits } from "#confine/limits.ts";
import { landlockAbi } from "#confine/landlock.ts";
import { ALWAYS_DENIED, FAMILY, VIEW_CALLS, installFilter } from "#confine/seccomp.ts";
import { readEnvironment } from "#host/env.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { type DataPaths, dataPaths } from "#host/paths.ts";
import { adoptOrphans, closeOnExecFrom, dieWithParent, dropCapabilities } from "#host/process-control.ts";
import { newSession, noNewPrivileges, notDumpable, showName } from "#host/process-control.ts";
import { selfProgram } from "#host/self.ts";
import { openLineLink } from "#ipc/line-link.ts";
import { systemClock } from "#runtime/clock.ts";
import { stderrLog } from "#runtime/log.ts";
import { BoxDesk } from "./desk.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import { hideDataFolder } from "./hide.ts";
import { selfTest } from "./self-test.ts";

const SIGKILL = 9;
const OPEN_FILES = 4_096;
/** Without it the kernel lets root, which has no other right here either, take its own number into no namespace. */
const CAP_SETFCAP = 31;
/** A box with a network makes its listener; the role's own network is empty. */
const INET = [FAMILY.inet, FAMILY.inet6, FAMILY.netlink];
/** How much may wait for the gateway before a command's output is no longer read. */
const UNSENT_BYTES = 4 * BOX_LINE_BYTES_MAX;

/** Serves the gateway until it is gone. Answers the exit code. */
export async function main(): Promise<number> {
  const log = stderrLog("box");
  const libc = loadLibc();
  const environment = readEnvironment();
  if (libc === undefined || !environment.ok) return FAULT_EXIT.unsupported;
  const parent = process.ppid;
  const paths = dataPaths(environment.value.dataDir);
  if (!confineBoxRole(libc, paths)) return FAULT_EXIT.unsupported;
  if (process.ppid !== parent) return FAULT_EXIT.unavailable;
  const over = Promise.withResolvers<void>();
  const early: string[] = [];
  let take = (line: string): void => void early.push(line);
  const link = await openLineLink(LINK_FD, BOX_LINE_BYTES_MAX, {
    onLine: (line) => take(line),
    onEnd: () => over.resolve(),
  });
  const send = (message: FromBox): void => void link.send(JSON.stringify(message));
  const prefix = namespacePrefix("no proc");
  if (!prefix.ok) {
    send({ kind: "ready", enforced: false, detail: prefix.error.message });
    await over.promise;
    return 0;
  }
  const ports = { clock: systemClock, self: selfProgram(), prefix: prefix.value };
  const tested = await selfTest(paths.state("box"), ports);
  const desk = new BoxDesk({ ...ports, door: DOOR_FD, paths, send, drained: () => link.below(UNSENT_BYTES) });
  take = (line) => {
    const message = parseToBox(line);
    // Nothing of ours writes such a line: whoever does is not heard any longer.
    if (!message.ok || !tested.ok) return link.end();
    desk.take(message.value).catch((error: unknown) => {
      log.warn("box.error", { name: error instanceof Error ? error.name : typeof error });
      link.end();
    });
  };
  send({ kind: "ready", enforced: tested.ok, detail: tested.ok ? walls(libc) : tested.error.message });
  for (const line of early) take(line);
  await over.promise;
  await desk.end();
  return 0;
}

/** Takes everything but what building a box needs. False where the kernel refuses it: then there are no boxes. */
export function confineBoxRole(libc: Libc, paths: DataPaths): boolean {
  if (!hideDataFolder(libc, paths).ok) return false;
  newSession(libc);
  notDumpable(libc);
  showName(libc, "wirken-box");
  adoptOrphans(libc);
  dieWithParent(libc, SIGKILL);
  closeOnExecFrom(libc, LINK_FD);
  dropCapabilities(libc, process.getuid?.() === 0 ? [CAP_SETFCAP] : []);
  if (!applyLimits(libc, { openFiles: OPEN_FILES }).ok) return false;
  const denied = ALWAYS_DENIED.filter((name) => !VIEW_CALLS.includes(name));
  return (
    noNewPrivileges(libc) &&
    installFilter(libc, { denied, families: INET, streamsOnly: true, namespaces: true }, true).ok
  );
}

function walls(libc: Libc): string {
  return `own files, processes and no network; Landlock ABI ${landlockAbi(libc)}; a list of system calls`;
}
