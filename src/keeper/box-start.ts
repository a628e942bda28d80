/**
 * Starts the box role beside the gateway (docs/ARCHITECTURE.md, confinement). It cannot be the gateway's
 * child: what a process under Landlock starts is under Landlock, and there nobody mounts. It begins in
 * namespaces of its own, where it sees no process of ours and can hide the data folder from itself, is
 * handed nothing but that folder's path, and ends when the gateway, which has the other end of its link, is
 * gone.
 */
import { closeSync, openSync } from "node:fs";
import { namespacePrefix } from "#confine/namespaces.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import type { Self } from "#host/self.ts";
import { socketPair } from "#host/socket-pair.ts";
import { spawnChild } from "#host/spawn.ts";

/** The gateway's end of a link to a box role. */
export interface BoxLink extends Disposable {
  /**
   * For the gateway to inherit, in this order: the link, and the door for listeners. Disposing closes them
   * here.
   */
  readonly gatewayFds: readonly [number, number];
}

/** Where the programs that make the namespaces find ours: a path could be another file's by then. */
const OWN_PROGRAM = "/proc/self/fd/4";

/**
 * Starts one. Where the role cannot be started its end of the link is closed, which tells the gateway that
 * there is no box. `undefined`: this system has no socket pairs.
 */
export function startBox(dataRoot: string, self: Self): BoxLink | undefined {
  const [link, door] = [socketPair(), socketPair()];
  if (link === undefined || door === undefined) return undefined;
  const prefix = namespacePrefix("own proc");
  const [program, ...words] = self.command;
  const own = openSync(program, "r");
  if (prefix.ok) {
    spawnChild({
      argv: [...prefix.value, OWN_PROGRAM, ...words, "box"],
      env: { PATH: SYSTEM_PATH, LANG: "C.UTF-8", WIRKEN_DATA_DIR: dataRoot },
      cwd: "/",
      stderr: "inherit",
      extraFds: [link[1], own, door[1]],
    });
  }
  for (const descriptor of [own, link[1], door[1]]) closeSync(descriptor);
  const gatewayFds = [link[0], door[0]] as const;
  return {
    gatewayFds,
    [Symbol.dispose]: () => {
      for (const descriptor of gatewayFds) closeSync(descriptor);
    },
  };
}
