/**
 * Who may speak on the gateway's sockets, by the kernel's word (docs/ARCHITECTURE.md, confinement). Both ask for our
 * own user; the control socket moreover turns away everything that the keeper started: a tool, an adapter or whatever
 * they start could otherwise approve its own requests.
 */
import { readFileSync } from "node:fs";
import type { Libc } from "#host/libc.ts";
import { peerCredentials } from "#host/peer-credentials.ts";
import { factsOf } from "#host/process-tree.ts";

/** Longest chain of parents that is followed: a loop cannot be, a longer one is refused. */
const ANCESTORS_MAX = 256;

/** Admission to `control.sock`. `keeperPid`: the process whose descendants are refused. */
export function controlAdmission(libc: Libc | undefined, keeperPid: number): (descriptor: number) => boolean {
  const uid = process.getuid?.();
  return (descriptor) => {
    const peer = peerCredentials(libc, descriptor);
    // Without the kernel's word the folder's own mode (0700) is what keeps others out.
    if (peer === undefined) return libc === undefined;
    if (peer.uid !== uid || peer.pid === process.pid) return false;
    if (peer.pid === keeperPid) return true; // the keeper prints the login links; what it starts is another process
    if (descendsFrom(peer.pid, keeperPid)) return false;
    return !(hasNoNewPrivileges(peer.pid) && !hasNoNewPrivileges(keeperPid));
  };
}

/** True when `ancestor` stands above `pid`, or that cannot be ruled out. */
export function descendsFrom(pid: number, ancestor: number): boolean {
  let at = pid;
  for (let step = 0; step < ANCESTORS_MAX; step++) {
    if (at === ancestor) return true;
    if (at <= 1) return false;
    const facts = factsOf(at);
    if (facts === undefined) return true;
    at = facts.parent;
  }
  return true;
}

/** A process that may not gain rights is a confined one; one that cannot be looked at counts as such. */
function hasNoNewPrivileges(pid: number): boolean {
  try {
    return /^NoNewPrivs:\s*1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}
