/**
 * The gateway role (hidden `wirken gateway`): hand-off, keeper link, socket, signer, log, healing, then the world.
 * The order is the safety: nobody's word is taken before the log is open and healed, and no log is opened before the
 * process with the keys is there.
 */
import type { Fault } from "#contracts/fault.ts";
import { BOX_FD, DOOR_FD } from "#contracts/box-link.ts";
import { LINK_FD } from "#contracts/handoff.ts";
import { type Result, err } from "#contracts/result.ts";
import { endNamed, exitOf } from "#contracts/role-end.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { sealUnixSockets } from "#confine/stage2.ts";
import { loadLibc } from "#host/libc.ts";
import { selfProgram } from "#host/self.ts";
import { stopSignal } from "#host/signals.ts";
import { systemClock } from "#runtime/clock.ts";
import { stderrLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { systemResolve } from "#broker/address.ts";
import { systemDial } from "#broker/wires.ts";
import { fetchPort } from "#tools/http-port.ts";
import { controlAdmission } from "./admits.ts";
import { noBox, openBoxLink } from "./box-client.ts";
import { BoxDoors } from "./box-doors.ts";
import { openKeeperLink } from "./keeper-client.ts";
import { serveGateway } from "./serve.ts";

export interface RolePorts {
  /** Reads stdin to its end and checks it against the role's names. */
  readonly readHandoff: () => Promise<Result<ReadonlyMap<string, SecretBytes>, Fault>>;
}

/** Runs the role to its end. Answers the exit code: 0 when told to stop, else that of the fault. */
export async function main(ports: RolePorts): Promise<number> {
  const log = stderrLog("gateway");
  using signal = stopSignal();
  const handoff = await ports.readHandoff();
  const ended = handoff.ok ? await run(handoff.value, signal.signal) : handoff;
  if (ended.ok) return 0;
  const { code, message, reason = "", hint = "" } = ended.error;
  if (endNamed(reason) === undefined) log.warn(message, { code, reason, hint }); // the keeper says the others
  return exitOf(ended.error);
}

async function run(
  handoff: ReadonlyMap<string, SecretBytes>,
  signal: AbortSignal,
): Promise<Result<void, Fault>> {
  const libc = loadLibc();
  // A record whose file is gone ends the process where it stands: nothing more is done that could not be recorded.
  const lost = Promise.withResolvers<Fault>();
  const served = serveGateway({
    handoff,
    signal,
    keeper: await openKeeperLink(LINK_FD),
    clock: systemClock,
    random: systemRandom,
    log: stderrLog("gateway"),
    libc,
    box:
      libc === undefined
        ? noBox("this system has no box for commands")
        : await openBoxLink(BOX_FD, new BoxDoors(libc, DOOR_FD, systemClock)),
    self: selfProgram(),
    fetch: (url, init) => fetch(url, init),
    http: (through) => fetchPort(through),
    resolve: systemResolve,
    dial: systemDial,
    admitsControl: controlAdmission(libc, process.ppid),
    sealSockets: () => sealUnixSockets(libc),
    onRecordLost: lost.resolve,
  });
  return await Promise.race([served, lost.promise.then(err)]);
}
